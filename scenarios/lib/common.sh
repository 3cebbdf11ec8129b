# shellcheck shell=bash
# What the scripts of this tree share. Source it; it runs nothing by itself.

readonly issu_started=$SECONDS

# say WORDS...: one line for the person who watches, with the seconds since the start.
say() { printf '[%3d s] %s\n' "$((SECONDS - issu_started))" "$*"; }

# die WHAT NEXT-STEP: ends the script, says why and what to do.
die() {
  printf 'error: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf '    -> %s\n' "$2" >&2
  exit 1
}

# become_root SCRIPT ARGS...: starts the script again as root when the user is not, and asks for it.
become_root() {
  [ "$(id -u)" -ne 0 ] || return 0
  say "root is needed (packages, namespaces, containers): asking for it"
  if command -v sudo >/dev/null; then
    exec sudo -- "$@"
  fi
  [ -t 0 ] || die "not root, there is no sudo, and no terminal to ask on" "run it as root: $*"
  exec su -c "$(printf '%q ' "$@")" root
}

# retry COMMAND...: up to three tries, 3 and 9 seconds apart. For what goes over a network.
retry() {
  local pause=3
  for try in 1 2 3; do
    "$@" && return 0
    [ "$try" -lt 3 ] || return 1
    say "that did not work; once more in $pause s"
    sleep "$pause"
    pause=$((pause * 3))
  done
}

# quietly LOG COMMAND...: the output goes to the file; where the command fails, its end is shown.
quietly() {
  local log=$1 status=0
  shift
  "$@" >"$log" 2>&1 || status=$?
  [ "$status" -eq 0 ] || { printf '%s\n' "--- the last lines of $log"; tail -n 25 "$log"; } >&2
  return "$status"
}

# debian_mirror: the archive that this machine's own apt sources name for its Debian release
# (one-line and deb822 sources alike). ISSU_MIRROR goes before it.
debian_mirror() {
  if [ -n "${ISSU_MIRROR:-}" ]; then
    printf '%s\n' "$ISSU_MIRROR"
  else
    apt_source Debian ''
  fi
}

# debian_security_mirror: the same of the security archive; nothing where no source names one.
debian_security_mirror() { apt_source Debian-Security -security; }

# apt_source LABEL SUFFIX: where the machine's own sources have an archive of its Debian release.
apt_source() {
  local codename
  # shellcheck source=/dev/null
  codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
  apt-get indextargets --format '$(ORIGIN) $(LABEL) $(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
    awk -v label="$1" -v codename="$codename$2" \
      '$1 == "Debian" && $2 == label && $3 == codename { print $4; exit }'
}

# mmdebstrap_network: fills the array `network` with what apt is told here about proxies and
# certificates, as options of mmdebstrap (which does not look at the machine's apt.conf).
mmdebstrap_network() {
  local line
  network=()
  while IFS= read -r line; do
    network+=("--aptopt=$line")
  done < <(apt-config dump | grep -E '^Acquire::(https?|ForceIPv[46]|Retries)\b.*"[^"]+";$' || true)
}
