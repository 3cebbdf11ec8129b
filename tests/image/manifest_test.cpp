#include "issu/image/manifest.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace issu::image;

namespace {

const std::string digest(64, 'a');

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// As RAUC writes it.
std::string sample() {
  return "[update]\ncompatible=issu-frr\nversion=10.3\ndescription=a new one\n\n[bundle]\n"
         "format=plain\n\n[image.rootfs]\nsha256=" +
         digest +
         "\nsize=1234\nfilename=rootfs.squashfs\n\n"
         "[meta.issu]\nkind=rootfs\narchitecture=amd64\nminimum-version=8.4\n"
         "schemas-read=1;2\nschemas-written=2\n";
}

std::string error_of(const std::string& text) {
  const auto manifest = read_manifest(text, "m");
  return manifest ? "" : manifest.error().message();
}

}  // namespace

TEST_CASE("a manifest is read") {
  const auto manifest = read_manifest(sample(), "m");
  REQUIRE(manifest);
  CHECK(manifest->compatible == "issu-frr");
  CHECK(manifest->version == "10.3");
  CHECK(manifest->description == "a new one");
  CHECK(manifest->kind == Kind::rootfs);
  CHECK(manifest->kind_stated);
  CHECK(manifest->architecture == "amd64");
  CHECK(manifest->minimum_version == "8.4");
  CHECK(manifest->schemas_read == std::vector<unsigned>{1, 2});
  CHECK(manifest->schemas_written == std::vector<unsigned>{2});
  CHECK(manifest->payload().filename == "rootfs.squashfs");
  CHECK(manifest->payload().size == 1234);
  CHECK(manifest->payload().sha256 == digest);
}

TEST_CASE("what is written is read again, also with odd values") {
  auto manifest = read_manifest(sample(), "m");
  REQUIRE(manifest);
  manifest->description = " spaces, a \\ and\na second line\t ";
  manifest->build = "  ";
  const auto again = read_manifest(write_manifest(*manifest), "m");
  REQUIRE(again);
  CHECK(again->description == manifest->description);
  CHECK(again->schemas_read == manifest->schemas_read);
  CHECK(write_manifest(*again) == write_manifest(*manifest));
}

TEST_CASE("comments, empty lines, spaces around = and unknown keys are passed over") {
  CHECK(error_of("# a comment\r\n\n" + replaced(sample(), "version=10.3", " version = 10.3 \r") +
                 "[meta.other]\nwhatever=1\n") == "");
}

TEST_CASE("without a kind the only image is the root filesystem") {
  const auto text =
      replaced(replaced(sample(), "kind=rootfs\n", ""), "image.rootfs", "image.appfs");
  const auto manifest = read_manifest(text, "m");
  REQUIRE(manifest);
  CHECK(manifest->kind == Kind::rootfs);
  CHECK_FALSE(manifest->kind_stated);
  CHECK(manifest->payload().name == "appfs");
  const std::string two = text + "[image.other]\nfilename=b\nsize=1\nsha256=" + digest + "\n";
  CHECK(error_of(two).find("2 images and no kind") != std::string::npos);
}

TEST_CASE("each fault is told with its line") {
  const struct {
    std::string from;
    std::string to;
    std::string message;
  } faults[] = {
      {"version=10.3\n", "", "m:1: [update] has no version"},
      {"compatible=issu-frr", "compatible=", "m:2: [update] has no compatible"},
      {"version=10.3", "version=1 0", "m:3: version '1 0' is not a version"},
      {"version=10.3", "version", "m:3: 'version' is neither a section nor key=value"},
      {"version=10.3", "compatible=x", "m:3: compatible is there twice in [update]"},
      {"description=a new one", "description=a\\qb", "m:4: the value of description has an escape"},
      {"description=a new one", std::string("description=a\0b", 15), "m:4: a control character"},
      {"[bundle]", "[bundle", "m:6: '[bundle' is no section"},
      {"[bundle]", "[update]", "m:6: the section [update] is there twice"},
      {"format=plain", "format=verity", "m:7: the bundle's format is verity"},
      {"sha256=", "sha256=A", "m:10: sha256 is not 64"},
      {"size=1234", "size=0", "m:11: size '0'"},
      {"size=1234", "size=99999999999999999999999", "m:11: size"},
      {"size=1234", "size=-1", "m:11: size"},
      {"rootfs.squashfs", "../rootfs", "m:12: filename '../rootfs' is not a plain"},
      {"rootfs.squashfs", "manifest.raucm", "m:12: filename 'manifest.raucm'"},
      {"rootfs.squashfs", "-x", "m:12: filename '-x'"},
      {"kind=rootfs", "kind=firmware", "m:15: kind 'firmware' is none of"},
      {"kind=rootfs", "kind=disk", ""},
      {"schemas-read=1;2", "schemas-read=1;x", "m:18: schemas-read is not a list"},
      {"[meta.issu]", "[hooks]\nfilename=hook\n[meta.issu]", "m:14: [hooks] names a program"},
      {"[meta.issu]", "[image.b]\nfilename=b\n[meta.issu]", "m:14: [image.b] has no sha256"},
  };
  for (const auto& fault : faults) {
    CAPTURE(fault.to);
    const std::string message = error_of(replaced(sample(), fault.from, fault.to));
    CAPTURE(message);
    CHECK(message.empty() == fault.message.empty());
    CHECK(message.find(fault.message) != std::string::npos);
  }
}

TEST_CASE("all faults are told at once") {
  std::string text = replaced(sample(), "version=10.3", "version=");
  text = replaced(text, "size=1234", "size=x");
  text = replaced(text, "kind=rootfs", "kind=y");
  const auto manifest = read_manifest(text, "m");
  REQUIRE_FALSE(manifest);
  CHECK(manifest.error().others().size() == 2);
  CHECK(manifest.error().kind() == issu::ErrorKind::refused);
}

TEST_CASE("nothing, noise and too much are refused") {
  CHECK(error_of("").find("no section [update]") != std::string::npos);
  CHECK(error_of("\x1f\x8b\x08zzz\n").find("m:1:") != std::string::npos);
  CHECK(error_of(std::string(70'000, '#')).find("more than 64 KiB") != std::string::npos);
}
