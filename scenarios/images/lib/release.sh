# shellcheck shell=bash
# The packages of a Debian release, unpacked. Sourced by scenarios/images/build.

# unpack_release RELEASE: FRR, BIRD and a shell with all they depend on into $work/RELEASE, once a
# run. Nothing of the packages is run (no maintainer scripts), so it works in a container and for
# any release.
unpack_release() {
  local release=$1 mirror network keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ ! -e "$work/$release/.unpacked" ] || return 0
  command -v mmdebstrap >/dev/null || die "mmdebstrap is not installed" "apt-get install mmdebstrap"
  [ -r "$keyring" ] || die "$keyring is not there" "apt-get install debian-archive-keyring"
  mirror=$(debian_mirror)
  if [ -z "$mirror" ]; then
    # Without package lists apt can't tell whose archive it is.
    retry quietly "$work/update.log" apt-get update || true
    mirror=$(debian_mirror)
  fi
  [ -n "$mirror" ] || die "no Debian archive among this machine's apt sources" \
    "name one: ISSU_MIRROR=http://... $script"
  say "Debian $release: unpacking FRR and BIRD from $mirror"
  mmdebstrap_network
  retry quietly "$work/$release.log" run_mmdebstrap "$release" "$mirror" "$keyring" ||
    die "Debian $release could not be fetched from $mirror" \
      "if a signature was refused, a newer debian-archive-keyring knows the release's keys"
  # Files lie in /usr only, as on every system with a merged /usr; without base-files nobody made
  # the links, and bookworm's packages still name /bin and /lib.
  merge_usr "$work/$release"
  touch "$work/$release/.unpacked"
}

run_mmdebstrap() {
  rm -rf "${work:?}/$1"
  # Package lists are signed by the release's keys; apt checks them against this keyring only.
  mmdebstrap --variant=extract --mode=root --format=directory --architectures=amd64 \
    --include=frr,bird2,dash --keyring="$3" "${network[@]}" "$1" "$work/$1" \
    "deb [signed-by=$3] $2 $1 main"
}

merge_usr() {
  local folder
  for folder in bin sbin lib lib64; do
    if [ -d "$1/$folder" ] && [ ! -L "$1/$folder" ]; then
      mkdir -p "$1/usr/$folder"
      cp -a "$1/$folder/." "$1/usr/$folder/"
      rm -rf "${1:?}/$folder"
    fi
    [ -L "$1/$folder" ] || ln -s "usr/$folder" "$1/$folder"
  done
}

# version_in ROOT SUITE: the version that the routing software says of itself.
version_in() {
  local program=/usr/lib/frr/zebra
  [ "$2" != bird ] || program=/usr/sbin/bird
  chroot "$1" "$program" --version 2>&1 | awk '$2 == "version" { print $3; exit }'
}
