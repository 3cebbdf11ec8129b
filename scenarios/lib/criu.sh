# shellcheck shell=bash
# A CRIU that works on this kernel. Sourced by scenarios/setup.
#
# The distribution's own is asked first. Where it fails, a newer one is unpacked into a prefix of
# its own, with the libraries of its own release, and started through that release's own loader:
# the system's libc is never touched. The prefix lies outside the build tree, because it belongs
# to the machine (its kernel decides), serves every clone, and outlives them.

criu_prefix=${ISSU_CRIU_PREFIX:-/opt/issu/criu}
criu_release=forky

# criu_works PROGRAM: `criu check`, then a real dump and restore of a child that holds an inet
# socket (CRIU 4.1 passes its own check and fails on that socket from kernel 6.16 on). All of it in
# namespaces of its own: whatever is left ends with them.
criu_works() {
  "$1" check >/dev/null 2>&1 || return 1
  local folder status=0
  folder=$(mktemp -d "${TMPDIR:-/tmp}/issu-criu-$$.XXXXXX")
  timeout -k 5 60 unshare --fork --pid --mount-proc --net --kill-child \
    bash "$issu_root/scenarios/lib/criu-self-test" "$1" "$folder" >"$folder/said" 2>&1 || status=$?
  [ "$status" -eq 0 ] || tail -n 8 "$folder/said" >&2
  rm -rf "$folder"
  return "$status"
}

# fetch_criu LOG: unpacks CRIU into the prefix; an old tree is replaced in one step.
fetch_criu() {
  local log=$1 mirror tree loader architecture network fresh
  mirror=$(debian_mirror)
  if [ -z "$mirror" ]; then
    retry quietly "$log" apt_get update || true
    mirror=$(debian_mirror)
  fi
  [ -n "$mirror" ] || die "no Debian archive among this machine's apt sources" \
    "name one: ISSU_MIRROR=http://... scenarios/setup"
  say "CRIU: unpacking the one of Debian $criu_release from $mirror into $criu_prefix"
  mmdebstrap_network
  mkdir -p "$(dirname "$criu_prefix")"
  fresh=$(mktemp -d "$criu_prefix.XXXXXX")
  # The testing release's index may be past its Valid-Until on a mirror that stands still; its
  # signature is checked all the same.
  retry quietly "$log" unpack_criu "$fresh/tree" "$mirror" ||
    { rm -rf "$fresh"; die "CRIU could not be fetched from $mirror" "look at $log"; }
  architecture=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
  loader=$(find "$fresh/tree/usr/lib/$architecture" -maxdepth 1 -name 'ld-linux*.so.*' | head -n 1)
  [ -n "$loader" ] || die "no loader in the tree of CRIU" "look at $fresh/tree/usr/lib"
  rm -rf "$fresh/tree/dev" "$fresh/tree/var" "$fresh/tree/usr/share"
  mkdir "$fresh/bin"
  tree=$criu_prefix/tree
  printf '%s\n' '#!/bin/sh' \
    "exec $tree/usr/lib/$architecture/${loader##*/} --library-path $tree/usr/lib/$architecture \\" \
    "  $tree/usr/sbin/criu \"\$@\"" >"$fresh/bin/criu"
  chmod 755 "$fresh" "$fresh/bin/criu"
  rm -rf "$criu_prefix"
  mv "$fresh" "$criu_prefix"
}

unpack_criu() {
  rm -rf "$1"
  mmdebstrap --variant=extract --mode=root --format=directory --include=criu "${network[@]}" \
    --aptopt='Acquire::Check-Valid-Until "false"' "$criu_release" "$1" "$2"
}

# set_up_criu LOG: finds one that works or fetches it.
set_up_criu() {
  local log=$1 system
  system=$(command -v criu || true)
  if [ -n "$system" ] && [ "$system" != "$criu_prefix/bin/criu" ] && criu_works "$system"; then
    say "CRIU: $(criu_version "$system") ($system) works on this kernel"
    return 0
  fi
  if [ ! -x "$criu_prefix/bin/criu" ] || ! criu_works "$criu_prefix/bin/criu"; then
    say "CRIU: the distribution's own fails on kernel $(uname -r)"
    fetch_criu "$log"
    criu_works "$criu_prefix/bin/criu" ||
      die "CRIU $(criu_version "$criu_prefix/bin/criu") fails on kernel $(uname -r) too" \
        "run \`$criu_prefix/bin/criu check\` to see why; without it checkpoints do not work"
  fi
  say "CRIU: $(criu_version "$criu_prefix/bin/criu") ($criu_prefix/bin/criu) dumps and restores here"
}

criu_version() { "$1" --version 2>/dev/null | awk '$1 == "Version:" { print $2; exit }'; }
