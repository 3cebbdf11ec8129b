# shellcheck shell=bash
# Cards, which are machines with containers in them, and the kernels that they change. Sourced by
# scenarios/images/build.

# Modules: the card's disks, ports and channels; file systems of a container; what holds back the
# packets of sessions; what CRIU asks about sockets, and about connection tracking even where there
# is none. Nobody loads one later.
card_modules=(virtio_pci virtio_blk virtio_net virtio_console squashfs overlay loop nf_tables
  tcp_diag udp_diag raw_diag netlink_diag unix_diag af_packet_diag nf_conntrack_netlink dummy veth)
card_packages=qemu-guest-agent,iproute2,busybox-static,nftables,kexec-tools,tar,xz-utils,zstd,liblxc1,lxc,libxxhash0

# unpack_card: what a card's root file system is made of, into $work/card, once a run.
unpack_card() {
  local mirror network keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ ! -e "$work/card/.unpacked" ] || return 0
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || die "no Debian archive among this machine's apt sources" \
    "name one: ISSU_MIRROR=http://... $script"
  say "card: unpacking its programs from $mirror"
  mmdebstrap_network
  retry quietly "$work/card.log" run_mmdebstrap_card "$mirror" "$keyring" ||
    die "the card's packages could not be fetched from $mirror" "look at $work/card.log"
  merge_usr "$work/card"
  touch "$work/card/.unpacked"
}

run_mmdebstrap_card() {
  rm -rf "${work:?}/card"
  mmdebstrap --variant=extract --mode=root --format=directory --architectures=amd64 \
    --include="$card_packages" --keyring="$2" "${network[@]}" bookworm "$work/card" \
    "deb [signed-by=$2] $1 bookworm main"
}

# make_card FILE: the root file system: what the container is started, saved and restored with, a
# CRIU that works on each kernel, the agent, and the container's own root file system.
make_card() {
  local root=$work/card-root program library
  unpack_card
  unpack_release bookworm
  rm -rf "$root" "$work/inner"
  strip_tree "$work/bookworm" "$work/inner" frr
  for folder in usr/bin usr/sbin usr/lib usr/lib64 usr/share/issu proc sys dev run tmp root \
    etc var usr/lib/x86_64-linux-gnu/lxc/rootfs; do
    mkdir -p "$root/$folder"
  done
  ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root/"
  ln -s ../run "$root/var/run"
  for program in /usr/sbin/qemu-ga /usr/bin/ip /usr/bin/busybox /usr/sbin/nft /usr/sbin/kexec \
    /usr/bin/tar /usr/bin/xz /usr/bin/zstd; do
    copy_in "$work/card" "$root" "$program"
    copy_libraries "$work/card" "$root" "$program"
  done
  for library in liblxc.so.1 libxxhash.so.0; do
    copy_in "$work/card" "$root" "/usr/lib/x86_64-linux-gnu/$library"
    copy_libraries "$work/card" "$root" "/usr/lib/x86_64-linux-gnu/$library"
  done
  # CRIU packs what lies in a container's /dev with tar and gzip; it tries itself out on `sleep`.
  for program in sh gzip sleep; do
    ln -s busybox "$root/usr/bin/$program"
  done
  add_criu "$root"
  write_etc "$root/etc"
  make_quick_payload "$work/inner" "$root/usr/share/issu/payload.squashfs"
  make_quick_disk "$root" "$1"
}

# add_criu ROOT: the one of a newer release, with its own libraries, in the place where our programs
# look for it. Debian 12's own does not know the option `network-lock skip`. Where the set-up has a
# script that starts it by its own loader, here the program itself names loader and libraries: it is
# started while a router is dark.
add_criu() {
  local folder=$criu_prefix/tree/usr/lib/x86_64-linux-gnu criu=$1$criu_prefix/bin/criu library
  [ -x "$criu_prefix/bin/criu" ] || fetch_criu "$work/criu.log"
  mkdir -p "$1$folder" "${criu%/*}"
  "$folder/ld-linux-x86-64.so.2" --library-path "$folder" --list "$criu_prefix/tree/usr/sbin/criu" |
    awk '$2 == "=>" { print $3 }' |
    while read -r library; do cp -L "$library" "$1$folder/"; done
  cp -L "$folder/ld-linux-x86-64.so.2" "$1$folder/"
  cp "$criu_prefix/tree/usr/sbin/criu" "$criu"
  leave_out "$1$folder" "$criu" libgnutls.so.30 GNUTLS_3_4
  leave_out "$1$folder" "$criu" libnftables.so.1 LIBNFTABLES_1
  quietly "$work/patchelf.log" patchelf --set-interpreter "$folder/ld-linux-x86-64.so.2" \
    --set-rpath "$folder" "$criu" ||
    die "CRIU could not be told its libraries" "look at $work/patchelf.log"
}

# leave_out FOLDER CRIU LIBRARY VERSION: in place of a library that CRIU is linked with and has no
# use for in a card (it keeps no page server there, and holds no packets back), one of the same name
# in which everything fails, without all the libraries that only that one needs.
leave_out() {
  local folder=$1 criu=$2 source=$work/leave-out.c kept library
  {
    echo 'static const char nothing[] = "";'
    nm -D "$criu" | sed -n "s/^.* \([A-Z]\) \([a-z0-9_]*\)@$4\$/\1 \2/p" |
      while read -r kind name; do
        case $kind$name in
          Unft_run_cmd_*) echo "int $name(void) { return -1; }" ;;
          U*) echo "const char *$name(void) { return nothing; }" ;;
          *) echo "void *$name;" ;;
        esac
      done
  } >"$source"
  echo "$4 { *; };" >"$work/leave-out.map"
  quietly "$work/leave-out.log" gcc -shared -fPIC -nostdlib -O1 -w -Wl,-soname,"$3" \
    -Wl,--version-script,"$work/leave-out.map" -o "$folder/$3" "$source" ||
    die "a library in place of $3 could not be made" "look at $work/leave-out.log"
  # What nothing asks for any more goes.
  kept=$("$folder/ld-linux-x86-64.so.2" --library-path "$folder" --list "$criu" |
    awk '$2 == "=>" { print $3 }')
  for library in "$folder"/*.so.*; do
    case "$kept ld-linux" in
      *"${library##*/}"*) ;;
      *) [ "${library##*/}" = ld-linux-x86-64.so.2 ] || rm "$library" ;;
    esac
  done
}

# make_quick_payload ROOT FILE: not compressed, because it is read while a router is dark.
make_quick_payload() {
  rm -f "$2"
  quietly "$work/mksquashfs.log" mksquashfs "$1" "$2" -noI -noD -noF -noX -all-root -no-xattrs -no-exports \
    -noappend -no-progress || die "mksquashfs did not make $2"
}

# make_quick_disk ROOT FILE: a disk of the same. Of an ext4 the host reads a file straight into the
# card's memory; of a squashfs the card has to copy it, block by block.
make_quick_disk() {
  local mebibytes
  mebibytes=$(du -sm --apparent-size "$1" | awk '{ print int($1 * 1.1) + 8 }')
  rm -f "$2"
  quietly "$work/mke2fs.log" mke2fs -q -t ext4 -b 4096 -m 0 -O ^has_journal,^resize_inode \
    -E root_owner=0:0 -d "$1" "$2" "${mebibytes}M" || die "mke2fs did not make $2"
}

# make_card_kernel NAME FILE: vmlinuz, and an initrd with all modules that a card needs, of the kernel
# that is unpacked for the image without "card-" in front.
make_card_kernel() {
  local tree=$work/kernels/${1#card-} payload=$work/kernel-payload release
  release=$(kernel_release "$tree")
  rm -rf "$payload"
  mkdir "$payload"
  cp "$tree/boot/vmlinuz-$release" "$payload/vmlinuz"
  make_card_initrd "$tree" "$release" "$payload/initrd"
  make_quick_payload "$payload" "$2"
}

# make_card_initrd TREE RELEASE FILE: not compressed, since a kernel is waited for. Its modules are stripped
# of what is only for debuggers, and with it of their signatures: each would be verified. The first
# program comes from whoever starts the kernel (issu-card-start).
make_card_initrd() {
  local tree=$work/card-initrd module name
  rm -rf "$tree"
  mkdir -p "$tree/modules" "$tree/root"
  for name in "${card_modules[@]}"; do
    # What is built into one kernel is a module of the other.
    modprobe -d "$1" -S "$2" --show-depends "$name" 2>/dev/null |
      awk '$1 == "insmod" { print $2 }'
  done | awk '!seen[$0]++' | while read -r module; do
    name=${module##*/}
    case $name in
      *.xz) name=${name%.xz} && xz -dc "$module" >"$tree/modules/$name" ;;
      *) cp "$module" "$tree/modules/$name" ;;
    esac
    objcopy --strip-debug --remove-section=.BTF "$tree/modules/$name"
    echo "$name" >>"$tree/modules/order"
  done
  (cd "$tree" && find . | LC_ALL=C sort | busybox cpio -o -H newc 2>/dev/null) >"$3"
}
