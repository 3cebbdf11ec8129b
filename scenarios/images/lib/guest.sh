# shellcheck shell=bash
# Disks of virtual machines: a kernel and the same stripped tree that a container gets. Sourced by
# scenarios/images/build.

# Modules that a guest's disk, network and channels need, in no order.
guest_modules=(virtio_pci virtio_blk virtio_net virtio_console virtio_rng squashfs overlay)
# Where the boot partition and the root file system lie on the disk, in MiB.
boot_at=1
root_at=33

# unpack_guest: a kernel, its tools and the guest agent of Debian 12 into $work/guest, once a run.
# A guest's own release is in its stripped tree; its kernel is one of the host's release.
unpack_guest() {
  local mirror network keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ ! -e "$work/guest/.unpacked" ] || return 0
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || die "no Debian archive among this machine's apt sources" \
    "name one: ISSU_MIRROR=http://... $script"
  say "guests: unpacking a kernel and the guest agent from $mirror"
  mmdebstrap_network
  retry quietly "$work/guest.log" run_mmdebstrap_guest "$mirror" "$keyring" ||
    die "the guests' packages could not be fetched from $mirror" "look at $work/guest.log"
  merge_usr "$work/guest"
  depmod -b "$work/guest" "$(kernel_release "$work/guest")"
  touch "$work/guest/.unpacked"
}

run_mmdebstrap_guest() {
  rm -rf "${work:?}/guest"
  mmdebstrap --variant=extract --mode=root --format=directory --architectures=amd64 \
    --include=linux-image-cloud-amd64,qemu-guest-agent,iproute2,busybox-static \
    --keyring="$2" "${network[@]}" bookworm "$work/guest" "deb [signed-by=$2] $1 bookworm main"
}

# add_guest ROOT: what makes a machine of a stripped tree.
add_guest() {
  local program
  for program in /usr/sbin/qemu-ga /usr/bin/ip /usr/bin/busybox; do
    copy_in "$work/guest" "$1" "$program"
    copy_libraries "$work/guest" "$1" "$program"
  done
  mkdir -p "$1/sbin"
  install -m 755 "$here/guest/init" "$1/usr/sbin/guest-init"
}

# make_initrd FILE TREE RELEASE: finds the root file system; nothing else is in it. Its modules are
# those of a kernel unpacked in TREE.
make_initrd() {
  local tree=$work/initrd module name
  rm -rf "$tree"
  mkdir -p "$tree/bin" "$tree/modules" "$tree/proc" "$tree/sys" "$tree/dev"
  cp "$work/guest/usr/bin/busybox" "$tree/bin/"
  install -m 755 "$here/guest/initrd-init" "$tree/init"
  for name in "${guest_modules[@]}"; do
    modprobe -d "$2" -S "$3" --show-depends "$name" | awk '$1 == "insmod" { print $2 }'
  done | awk '!seen[$0]++' | while read -r module; do
    name=${module##*/}
    case $name in
      # busybox takes them as they are only. Newer kernels have them packed.
      *.xz) name=${name%.xz}; xz -dc "$module" >"$tree/modules/$name" ;;
      *) cp "$module" "$tree/modules/" ;;
    esac
    echo "$name" >>"$tree/modules/order"
  done
  (cd "$tree" && find . | LC_ALL=C sort | busybox cpio -o -H newc 2>/dev/null | gzip -n -1) >"$1"
}

# make_disk PAYLOAD DISK: a disk that every PC firmware boots: a FAT partition with the kernel,
# a partition that is the squashfs. qcow2, as small as its content.
make_disk() {
  local raw=$work/disk.raw boot="$work/disk.raw@@${boot_at}M"
  make_initrd "$work/initrd.gz" "$work/guest" "$(kernel_release "$work/guest")"
  cp "$work/guest/boot/vmlinuz-$(kernel_release "$work/guest")" "$work/vmlinuz"
  rm -f "$raw"
  truncate -s "$(((root_at + 1) * 1048576 + $(stat -c %s "$1")))" "$raw"
  printf '%s\n' 'label: dos' 'label-id: 0x15500001' \
    "start=$((boot_at * 2048)), size=$(((root_at - boot_at) * 2048)), type=e, bootable" \
    "start=$((root_at * 2048)), type=83" | sfdisk -q "$raw"
  dd if=/usr/lib/syslinux/mbr/mbr.bin of="$raw" conv=notrunc bs=440 count=1 status=none
  mformat -i "$boot" -T $(((root_at - boot_at) * 2048)) -N 15500001 -v ISSU ::
  printf '%s\n' 'DEFAULT linux' 'PROMPT 0' 'TIMEOUT 0' 'SERIAL 0 115200' 'LABEL linux' \
    '  KERNEL vmlinuz' '  INITRD initrd.gz' '  APPEND console=ttyS0 quiet panic=-1' \
    >"$work/syslinux.cfg"
  mcopy -i "$boot" "$work/vmlinuz" "$work/initrd.gz" "$work/syslinux.cfg" ::
  syslinux --offset $((boot_at * 1048576)) --install "$raw"
  dd if="$1" of="$raw" bs=1M seek="$root_at" conv=notrunc status=none
  qemu-img convert -O qcow2 "$raw" "$2"
  rm -f "$raw"
}
