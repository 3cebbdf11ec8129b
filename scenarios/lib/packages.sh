# shellcheck shell=bash
# Debian 12 packages: what the build and the drills need. Sourced by scenarios/setup.

packages_build=(build-essential cmake ninja-build ccache pkg-config git ca-certificates
  libcli11-dev libfmt-dev libspdlog-dev libtomlplusplus-dev nlohmann-json3-dev libexpected-dev
  libboost-dev libcereal-dev libsqlite3-dev libssl-dev libnl-3-dev libnl-route-3-dev
  libnftnl-dev libmnl-dev lxc-dev
  libvirt-dev libcap-dev libxxhash-dev libbpf-dev libelf-dev clang llvm doctest-dev libbenchmark-dev
  libpng-dev)
packages_run=(liblxc1 libbpf1 lxc criu frr bird2 nftables iproute2 squashfs-tools mmdebstrap
  debian-archive-keyring gpgv openssl rauc libcap2-bin procps util-linux mount kmod file
  busybox-static python3 tcpdump)
packages_vm=(qemu-system-x86 qemu-utils libvirt0 libvirt-daemon-system libvirt-daemon-driver-qemu
  syslinux syslinux-common mtools fdisk patchelf)
# The tests hold what is written against those who read it: schemas, parsers, a browser (370 MB).
packages_test=(chromium libxml2-utils python3-jsonschema python3-prometheus-client python3-yaml)
packages_developer=(clang-format clang-tidy strace libdpdk-dev)

policy=/usr/sbin/policy-rc.d
policy_mark='# put here by scenarios/setup while it installs packages'

# A package must not start a service here: FRR or an LXC bridge on the host would meddle with its
# own routes. Debian's maintainer scripts ask policy-rc.d, which says no as long as this runs.
forbid_services() {
  allow_services
  if [ -x "$policy" ] && ! "$policy" frr start >/dev/null 2>&1; then
    return 0
  fi
  [ ! -e "$policy" ] || mv "$policy" "$policy.before-issu"
  printf '%s\n' '#!/bin/sh' "$policy_mark" 'exit 101' >"$policy"
  chmod 755 "$policy"
}

# Puts back what was there; also what an earlier run left when it was killed.
allow_services() {
  if [ -e "$policy" ] && grep -qF "$policy_mark" "$policy"; then
    rm -f "$policy"
  fi
  if [ -e "$policy.before-issu" ] && [ ! -e "$policy" ]; then
    mv "$policy.before-issu" "$policy"
  fi
}

# missing_packages NAMES...: those that are not installed, one a line.
missing_packages() {
  dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null |
    awk -v wanted="$*" '$1 == "ii" { have[$2] = 1 }
      END { n = split(wanted, names, " "); for (i = 1; i <= n; i++) if (!have[names[i]]) print names[i] }'
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 LC_ALL=C.UTF-8 \
    apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

# disable_services PACKAGES...: what was installed just now would start at the next boot. Services
# of packages that were here before are the machine owner's business.
disable_services() {
  command -v systemctl >/dev/null || return 0
  local package
  for package in "$@"; do
    case $package in
      frr) systemctl -q disable frr.service >/dev/null 2>&1 || true ;;
      bird2) systemctl -q disable bird.service >/dev/null 2>&1 || true ;;
      libvirt-daemon-system) systemctl -q disable libvirtd.service libvirtd.socket \
        libvirtd-ro.socket libvirtd-admin.socket virtlogd.socket virtlockd.socket \
        libvirt-guests.service >/dev/null 2>&1 || true ;;
      lxc) systemctl -q disable lxc.service lxc-net.service lxc-monitord.service \
        >/dev/null 2>&1 || true ;;
    esac
  done
}

# install_packages LOG NAMES...: the missing ones, nothing else.
install_packages() {
  local log=$1 missing
  shift
  mapfile -t missing < <(missing_packages "$@")
  if [ "${#missing[@]}" -eq 0 ]; then
    say "packages: all $# are installed"
    return 0
  fi
  say "packages: installing ${#missing[@]} of $#: ${missing[*]}"
  # A foreign source that is down must not stop what the Debian archive can do.
  retry quietly "$log" apt_get update || say "packages: the lists could not be renewed, going on"
  forbid_services
  trap allow_services EXIT
  retry quietly "$log" apt_get install --no-install-recommends "${missing[@]}" ||
    die "the packages could not be installed" "look at $log and at the apt sources"
  disable_services "${missing[@]}"
  allow_services
  trap - EXIT
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -eq 0 ] || die "apt did not install: ${missing[*]}" "look at $log"
}
