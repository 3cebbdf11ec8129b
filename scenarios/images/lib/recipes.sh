# shellcheck shell=bash
# Which images there are, and what each is made of. Sourced by scenarios/images/build.

container_images=(frr-bookworm frr-trixie bird-bookworm bird-trixie
  frr-broken-exits frr-broken-mute frr-broken-half)
image_names=("${container_images[@]}" frr-vm-bookworm frr-vm-trixie
  frr-vm-broken-silent frr-vm-broken-panic frr-vm-broken-disk frr-vm-foreign-bookworm
  frr-vm-foreign-trixie kernel-6.1 kernel-6.1-old kernel-6.12
  card-bookworm card-kernel-6.1-old card-kernel-6.1 card-kernel-6.12)

known_image() {
  local each
  for each in "${image_names[@]}"; do
    [ "$each" != "$1" ] || return 0
  done
  return 1
}

# release_of NAME: the Debian release that its packages are of.
release_of() {
  case $1 in
    *-bookworm | card-kernel-*) echo bookworm ;;
    *) echo trixie ;;
  esac
}

# suite_of NAME: frr or bird, as in router.toml. Kernels go under the drills' FRR routers.
suite_of() {
  case $1 in
    kernel-*) echo frr ;;
    card-*) echo frr ;;  # of the container that runs on it
    *) echo "${1%%-*}" ;;
  esac
}

# programs_of SUITE: what stays of the packages. A program that a release does not have is left
# out, but for the ones that try_programs asks for their version.
programs_of() {
  case $1 in
    frr)
      printf '/usr/lib/frr/%s\n' zebra bgpd staticd ospfd bfdd mgmtd
      echo /usr/bin/vtysh
      ;;
    bird) printf '%s\n' /usr/sbin/bird /usr/sbin/birdc ;;
  esac
  echo /usr/bin/dash
}

# data_of SUITE: files and folders that the programs open by name.
data_of() {
  case $1 in
    # YANG models, the FPM output that zebra loads with -M dplane_fpm_nl, and who may use vtysh.
    frr)
      printf '%s\n' /usr/share/yang '/usr/lib/*/frr/modules/dplane_fpm_nl.so' \
        '/usr/lib/*/security/pam_rootok.so'
      ;;
    bird) ;;
  esac
}

# kind_of NAME: what the image holds, as in its manifest.
kind_of() {
  case $1 in
    *-vm-*) echo disk ;;
    kernel-*) echo kernel ;;
    card-kernel-*) echo kernel ;;
    card-*) echo card ;;  # no image: what the kernels run on
    *) echo rootfs ;;
  esac
}

# payload_of NAME: the file of its payload in build/images.
payload_of() {
  case $(kind_of "$1") in
    disk) echo "$1.qcow2" ;;
    card) echo "$1.ext4" ;;
    *) echo "$1.squashfs" ;;
  esac
}

description_of() {
  case $1 in
    frr-vm-broken-silent) echo "a virtual machine that boots, and whose zebra never answers" ;;
    frr-vm-broken-panic) echo "a virtual machine whose kernel panics while it boots" ;;
    frr-vm-broken-disk) echo "a disk that nothing boots from" ;;
    frr-vm-foreign-*) echo "the same as another vendor's: no agent, its own configuration disk" ;;
    kernel-6.1-old) echo "the kernel of the drills' virtual machines" ;;
    kernel-*) echo "Linux ${1#kernel-} of Debian 12" ;;
    *-vm-*) echo "a virtual machine with $(suite_of "$1") of Debian $(release_of "$1")" ;;
    card-kernel-*) echo "a kernel of Debian 12 for a card" ;;
    frr-broken-exits) echo "bgpd ends as soon as it starts" ;;
    frr-broken-mute) echo "bgpd runs and answers, and no session ever comes up" ;;
    frr-broken-half) echo "sessions come up, half of the IPv4 routes are refused" ;;
    *) echo "$(suite_of "$1") of Debian $(release_of "$1"), stripped to its routing daemons" ;;
  esac
}

# good_one NAME: the image that an altered virtual machine is made of.
good_one() {
  case $1 in
    frr-vm-broken-*) echo frr-vm-trixie ;;
    frr-vm-foreign-*) echo "frr-vm-${1##*-}" ;;
  esac
}

# break_image NAME ROOT: puts a script in front of the real bgpd. It starts the real one in its own
# place (same pid, same sockets, same answers), told something that no good release would say.
break_image() {
  case $1 in
    frr-broken-*)
      local script=$here/broken/${1#frr-broken-}
      mkdir "$2/usr/lib/frr/real"
      mv "$2/usr/lib/frr/bgpd" "$2/usr/lib/frr/real/bgpd"
      install -m 644 "$here/broken/altered.sh" "$2/usr/lib/frr/real/altered.sh"
      install -m 755 "$script" "$2/usr/lib/frr/bgpd"
      ;;
  esac
}

# inputs_of NAME: a hash of everything of this tree that an image is made from, keys included.
inputs_of() {
  { printf '%s\n' "$1"
    cat "$script" "$here"/lib/*.sh "$here"/broken/* "$here"/guest/* "$here"/foreign/* \
      "$out/keys/ca.pem" "$out/keys/signer.pem"
  } | sha256sum
}

in_place() {
  { [ "$(kind_of "$1")" = card ] || [ -s "$out/$1.raucb" ]; } && [ -s "$out/$(payload_of "$1")" ] && [ -s "$out/$1.inputs" ] &&
    [ "$(inputs_of "$1")" = "$(<"$out/$1.inputs")" ]
}

mebibytes() {
  stat -c %s "$1" | awk '{ printf "%.1f MiB", $1 / 1048576 }'
}
