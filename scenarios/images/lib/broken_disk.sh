# shellcheck shell=bash
# Disks of virtual machines that are no good, made of a good one. Sourced by scenarios/images/build.

# break_disk NAME GOOD DISK
break_disk() {
  local raw=$work/broken.raw boot="$work/broken.raw@@${boot_at}M"
  rm -f "$raw"
  case $1 in
    # No boot sector, no partition: what a firmware says of the wrong disk.
    frr-vm-broken-disk) truncate -s 16M "$raw" ;;
    # The kernel alone: it finds no initrd and no root file system, and panics. Small, because what
    # it does not find need not be there.
    frr-vm-broken-panic)
      qemu-img convert -O raw "$2" "$raw"
      truncate -s "${root_at}M" "$raw"
      mcopy -n -i "$boot" ::syslinux.cfg - | sed '/INITRD/d' >"$work/syslinux.cfg"
      mcopy -o -i "$boot" "$work/syslinux.cfg" ::syslinux.cfg
      mdel -i "$boot" ::initrd.gz
      ;;
    # A second archive behind the initrd's: its files go over those of the first.
    frr-vm-broken-silent)
      qemu-img convert -O raw "$2" "$raw"
      rm -rf "$work/over"
      mkdir "$work/over"
      sed '/^exec .*switch_root/i. /broken' "$here/guest/initrd-init" >"$work/over/init"
      install -m 644 "$here/broken/vm-silent.sh" "$work/over/broken"
      chmod 755 "$work/over/init"
      mcopy -n -i "$boot" ::initrd.gz - >"$work/initrd.gz"
      (cd "$work/over" && find . | LC_ALL=C sort | busybox cpio -o -H newc 2>/dev/null |
        gzip -n -1) >>"$work/initrd.gz"
      mcopy -o -i "$boot" "$work/initrd.gz" ::initrd.gz
      ;;
  esac
  qemu-img convert -O qcow2 "$raw" "$3"
  rm -f "$raw"
}
