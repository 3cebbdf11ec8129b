# shellcheck shell=bash
# Disks of virtual machines that are altered, made of a good one: broken, or without an agent. Sourced by scenarios/images/build.

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
    frr-vm-broken-silent)
      qemu-img convert -O raw "$2" "$raw"
      over_initrd "$boot" broken "$here/broken/vm-silent.sh"
      ;;
    # No guest agent, an init of its own: the host can't ask it anything.
    frr-vm-foreign-*)
      qemu-img convert -O raw "$2" "$raw"
      { printf '%s\n' '/bin/busybox rm -f /root/usr/sbin/qemu-ga' \
          "/bin/busybox cat >/root/usr/sbin/guest-init <<'END'"
        cat "$here/foreign/init"
        echo END
      } >"$work/foreign.sh"
      over_initrd "$boot" foreign "$work/foreign.sh"
      ;;
  esac
  qemu-img convert -O qcow2 "$raw" "$3"
  rm -f "$raw"
}

# over_initrd BOOT NAME SCRIPT: has the initrd read a script in before it goes over to the root file
# system: a second archive behind the initrd's, whose files go over those of the first.
over_initrd() {
  local boot=$1
  rm -rf "$work/over"
  mkdir "$work/over"
  sed "/^exec .*switch_root/i. /$2" "$here/guest/initrd-init" >"$work/over/init"
  install -m 644 "$3" "$work/over/$2"
  chmod 755 "$work/over/init"
  mcopy -n -i "$boot" ::initrd.gz - >"$work/initrd.gz"
  (cd "$work/over" && find . | LC_ALL=C sort | busybox cpio -o -H newc 2>/dev/null |
    gzip -n -1) >>"$work/initrd.gz"
  mcopy -o -i "$boot" "$work/initrd.gz" ::initrd.gz
}
