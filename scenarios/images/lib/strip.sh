# shellcheck shell=bash
# A root filesystem of only what the daemons need. Sourced by scenarios/images/build.

# strip_tree FROM TO SUITE: copies the suite's programs, the libraries and the loader that they
# need, and their data.
strip_tree() {
  local from=$1 to=$2 suite=$3 program folder
  for folder in usr/bin usr/sbin usr/lib usr/lib64 proc sys dev run tmp root issu \
    etc/frr etc/bird var/lib/frr var/log/frr var/tmp; do
    mkdir -p "$to/$folder"
  done
  chmod 1777 "$to/tmp" "$to/var/tmp"
  ln -s usr/bin usr/sbin usr/lib usr/lib64 "$to/"
  ln -s ../run "$to/var/run"
  ln -s dash "$to/usr/bin/sh"
  while read -r program; do
    [ -e "$from$program" ] || continue
    copy_in "$from" "$to" "$program"
    copy_libraries "$from" "$to" "$program"
  done < <(programs_of "$suite")
  copy_data "$from" "$to" "$suite"
  write_etc "$to/etc"
}

# copy_in FROM TO PATH: one file with its folders; a link comes with what it points to.
copy_in() {
  local path=$3 target
  # /lib/x and /usr/lib/x are the same file; it is kept under /usr.
  case $path in
    /usr/*) ;;
    *) path=/usr$path ;;
  esac
  [ ! -e "$2$path" ] || return 0
  mkdir -p "$2${path%/*}"
  if [ -L "$1$path" ]; then
    target=$(chroot_path "$1" "$path")
    copy_in "$1" "$2" "$target"
    [ "$target" = "$path" ] || ln -sf "$(realpath -m --relative-to="${path%/*}" "$target")" "$2$path"
  else
    cp -p "$1$path" "$2$path"
  fi
}

# chroot_path FROM PATH: where a link of the unpacked tree ends, as a path inside of it.
chroot_path() {
  local target
  target=$(readlink "$1$2")
  case $target in
    /*) ;;
    *) target=${2%/*}/$target ;;
  esac
  realpath -m -s "$target"
}

# copy_libraries FROM TO PROGRAM: asks the tree's own loader, inside the tree.
copy_libraries() {
  local library
  while read -r library; do
    copy_in "$1" "$2" "$library"
  done < <(chroot "$1" /lib64/ld-linux-x86-64.so.2 --list "$3" |
    awk '$2 == "=>" { print $3; next } $1 ~ /^\// { print $1 }')
}

copy_data() {
  local entry path
  while read -r entry; do
    # shellcheck disable=SC2086 # the entry may hold a pattern
    for path in "$1"$entry; do
      [ -e "$path" ] || die "the unpacked release has no $entry" "look at scenarios/images/lib/recipes.sh"
      mkdir -p "$2$(dirname "${path#"$1"}")"
      cp -a "$path" "$2${path#"$1"}"
      case $path in
        *.so) copy_libraries "$1" "$2" "${path#"$1"}" ;;
      esac
    done
  done < <(data_of "$3")
}

# write_etc ETC: users and groups. FRR runs as root here (-u root -g root) and asks for frrvty.
write_etc() {
  printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'frr:x:101:101::/nonexistent:/usr/sbin/nologin' \
    'bird:x:102:103::/nonexistent:/usr/sbin/nologin' \
    'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin' >"$1/passwd"
  printf '%s\n' 'root:x:0:' 'tty:x:5:' 'frr:x:101:root' 'frrvty:x:102:root,frr' 'bird:x:103:' \
    'nogroup:x:65534:' >"$1/group"
  printf '%s\n' 'passwd: files' 'group: files' 'hosts: files' 'services: files' >"$1/nsswitch.conf"
  printf '%s\n' '127.0.0.1 localhost' '::1 localhost' >"$1/hosts"
  mkdir "$1/pam.d"
  printf '%s\n' 'auth required pam_rootok.so' 'account required pam_rootok.so' >"$1/pam.d/frr"
  # Addresses and hosts files are the router's; these are places to mount them on.
  : >"$1/resolv.conf"
  : >"$1/hostname"
}

# try_programs ROOT SUITE: each program answers in the stripped tree, or it is of no use.
try_programs() {
  local program
  for program in $(programs_of "$2"); do
    [ -e "$1$program" ] || [ "${program##*/}" != mgmtd ] || continue
    answers "$1" "$program" >"$work/answer" 2>&1 ||
      { cat "$work/answer" >&2; die "$program does not run in the stripped tree"; }
  done
}

answers() {
  case $2 in
    */dash) chroot "$1" "$2" -c : ;;
    # These two have no daemon to talk to here: they answer when they get so far as to miss it.
    */vtysh) misses 'failed to connect to any daemons' "$@" -c 'show version' ;;
    */birdc) misses 'Unable to connect' "$@" show status ;;
    *) chroot "$1" "$2" --version ;;
  esac
}

# misses WORDS ROOT COMMAND...: whether the command fails with these words.
misses() {
  local words=$1 said
  shift
  said=$(chroot "$@" 2>&1) || true
  printf '%s\n' "$said"
  [[ $said == *"$words"* ]]
}
