# shellcheck shell=bash
# Images of kind kernel: a kernel, the small initrd of the guests, its modules. Sourced by
# scenarios/images/build.

# What of a kernel's modules comes along: networks and tunnels, what containers and CRIU need, and
# the guests' own devices. Folders below kernel/ of the module tree.
kernel_modules=(net crypto lib arch/x86/crypto drivers/net drivers/virtio drivers/block drivers/char
  fs/overlayfs fs/squashfs fs/fuse fs/ext4 fs/jbd2 fs/fat fs/nls)

# unpack_kernel NAME: the kernel of an image into $work/kernels/NAME, once a run. By name:
# kernel-6.1-old is the one that the guests' own disks have, kernel-6.1 the newest one of Debian 12
# (with its security archive, where the machine's sources name one), kernel-6.12 that of backports.
unpack_kernel() {
  local name=$1 package
  [ ! -e "$work/kernels/$name/.unpacked" ] || return 0
  mkdir -p "$work/kernels"
  if [ "$name" = kernel-6.1-old ]; then
    ln -sfn ../guest "$work/kernels/$name"
    return
  fi
  kernel_lists
  package=$(kernel_package "$name")
  [ -n "$package" ] || die "the archive has no kernel for $name" "is it one of Debian 12?"
  say "$name: unpacking $package"
  (
    mkdir -p "$work/kernels/$name/debs"
    cd "$work/kernels/$name/debs"
    retry quietly "$work/$name.log" apt_apart download "$package" &&
      dpkg-deb -x ./*.deb "$work/kernels/$name"
  ) || die "$package could not be fetched" "look at $work/$name.log"
  rm -rf "$work/kernels/$name/debs"
  merge_usr "$work/kernels/$name"
  depmod -b "$work/kernels/$name" "$(kernel_release "$work/kernels/$name")"
  touch "$work/kernels/$name/.unpacked"
}

# kernel_lists: package lists of Debian 12, its security archive and backports, apart from the
# machine's own.
kernel_lists() {
  local mirror security keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ ! -e "$work/apt/.listed" ] || return 0
  mirror=$(debian_mirror)
  security=$(debian_security_mirror)
  mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
  : >"$work/apt/status"
  {
    printf "deb [signed-by=$keyring] $mirror %s main\n" bookworm bookworm-backports
    [ -z "$security" ] || echo "deb [signed-by=$keyring] $security bookworm-security main"
  } >"$work/apt/sources.list"
  retry quietly "$work/apt.log" apt_apart update ||
    die "the package lists could not be fetched from $mirror" "look at $work/apt.log"
  touch "$work/apt/.listed"
}

# apt_apart WORDS...: apt-get (apt-cache where the first word is `depends`) with lists, sources and
# an idea of what is installed (nothing) of its own.
apt_apart() {
  local program=apt-get
  [ "$1" != depends ] || program=apt-cache
  "$program" -q -o APT::Architecture=amd64 -o Acquire::Languages=none \
    -o Dir::Etc::sourcelist="$work/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
    -o Dir::State::lists="$work/apt/lists" -o Dir::State::status="$work/apt/status" \
    -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User=root "$@"
}

# kernel_package NAME: the package of a kernel, as the archive's metapackage names it.
kernel_package() {
  local release=()
  [ "$1" != kernel-6.12 ] || release=(-o APT::Default-Release=bookworm-backports)
  apt_apart depends "${release[@]}" linux-image-cloud-amd64 |
    awk '$1 == "Depends:" && $2 ~ /^linux-image-/ { print $2; exit }'
}

# kernel_release TREE: what `uname -r` will say.
kernel_release() { ls "$1/usr/lib/modules"; }

# make_kernel NAME FILE: the payload, a squashfs of vmlinuz, initrd.img, modules (what belongs into
# /lib/modules/RELEASE) and release (a line, what `uname -r` says).
make_kernel() {
  local tree=$work/kernels/$1 content=$work/kernel release folder time
  release=$(kernel_release "$tree")
  rm -rf "$content"
  mkdir -p "$content/modules/kernel"
  cp "$tree/boot/vmlinuz-$release" "$content/vmlinuz"
  echo "$release" >"$content/release"
  make_initrd "$content/initrd.img" "$tree" "$release"
  for folder in "${kernel_modules[@]}"; do
    [ -d "$tree/usr/lib/modules/$release/kernel/$folder" ] || continue
    mkdir -p "$content/modules/kernel/${folder%/*}"
    cp -r "$tree/usr/lib/modules/$release/kernel/$folder" "$content/modules/kernel/$folder"
  done
  cp "$tree/usr/lib/modules/$release/"modules.{order,builtin,builtin.modinfo} "$content/modules/"
  mkdir -p "$content/lib/modules"
  ln -s ../../modules "$content/lib/modules/$release"
  depmod -b "$content" "$release"
  rm -r "${content:?}/lib"
  time=$(stat -c %Y "$tree/boot/vmlinuz-$release")
  rm -f "$2"
  quietly "$work/mksquashfs.log" mksquashfs "$content" "$2" -comp zstd -Xcompression-level 9 \
    -all-root -no-xattrs -no-exports -noappend -no-progress -mkfs-time "$time" -all-time "$time" ||
    die "mksquashfs did not make $2"
}
