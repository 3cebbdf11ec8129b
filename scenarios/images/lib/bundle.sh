# shellcheck shell=bash
# Payloads and signed bundles. Sourced by scenarios/images/build.

# make_payload ROOT FILE: the same tree gives the same bytes: times are those of the newest file
# that came out of a package. zstd, because a root filesystem is read while the router is dark;
# level 9, because 19 takes twenty times as long for a tenth less.
make_payload() {
  local newest
  newest=$(find "$1/usr/lib" "$1/usr/bin" "$1/usr/sbin" -type f -printf '%T@\n' | sort -n | tail -n 1)
  newest=${newest%.*}
  rm -f "$2"
  (
    unset SOURCE_DATE_EPOCH
    quietly "$work/mksquashfs.log" mksquashfs "$1" "$2" -comp zstd -Xcompression-level 9 \
      -all-root -no-xattrs -no-exports -noappend -no-progress -mkfs-time "$newest" \
      -all-time "$newest"
  ) || die "mksquashfs did not make $2"
}

# version_of_image NAME VERSION: a broken release has a version of its own.
version_of_image() {
  case $1 in
    *-broken-*) echo "$2+${1#*-broken-}" ;;
    *) echo "$2" ;;
  esac
}

# issu_program: the issu of this tree, where it was built.
issu_program() {
  local preset
  for preset in release dev; do
    if [ -x "$issu_root/build/$preset/bin/issu" ]; then
      echo "$issu_root/build/$preset/bin/issu"
      return
    fi
  done
}

# sign_image NAME PAYLOAD BUNDLE VERSION
sign_image() {
  local issu version
  version=$(version_of_image "$1" "$4")
  [ -n "$4" ] || die "the version of $(suite_of "$1") in Debian $(release_of "$1") is not known"
  issu=$(issu_program)
  if [ -n "$issu" ] && "$issu" image build --help >/dev/null 2>&1; then
    quietly "$work/issu.log" "$issu" image build --kind "$(kind_of "$1")" --payload "$2" --output "$3" \
      --compatible "issu-$(suite_of "$1")" --version "$version" --architecture amd64 \
      --description "$(description_of "$1")" --certificate "$out/keys/signer.pem" \
      --key "$out/keys/signer.key" --keyring "$out/keyring.pem" ||
      die "the image $1 could not be signed"
  else
    sign_with_rauc "$1" "$2" "$3" "$version"
  fi
}

# sign_with_rauc: for a tree whose programs are not built yet.
sign_with_rauc() {
  local content=$work/content
  command -v rauc >/dev/null ||
    die "neither issu nor rauc is there to sign with" "build the tree, or apt-get install rauc"
  rm -rf "$content" "$3"
  mkdir "$content"
  local kind=rootfs file=rootfs.squashfs
  [ "$(kind_of "$1")" != disk ] || { kind=disk; file=disk.img; }
  [ "$(kind_of "$1")" != kernel ] || { kind=kernel; file=kernel.squashfs; }
  cp "$2" "$content/$file"
  printf '%s\n' '[update]' "compatible=issu-$(suite_of "$1")" "version=$4" \
    "description=$(description_of "$1")" '' '[bundle]' format=plain '' "[image.$kind]" \
    "filename=$file" '' '[meta.issu]' "kind=$kind" architecture=amd64 \
    >"$content/manifest.raucm"
  quietly "$work/rauc.log" rauc --cert "$out/keys/signer.pem" --key "$out/keys/signer.key" \
    --keyring "$out/keyring.pem" bundle "$content" "$3" || die "rauc did not sign $1"
  rm -rf "$content"
}
