#include "backends/vm/payload.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;
using namespace issu::backends::vm;

namespace {

bool says(const Result<void>& result, const std::string& part) {
  return !result && result.error().message().find(part) != std::string::npos;
}

/// A payload of kind kernel from files of these names, each holding its name.
std::filesystem::path packed(const tests::TempDir& dir, const std::vector<std::string>& names) {
  const auto tree = dir / "tree";
  std::filesystem::remove_all(tree);
  std::filesystem::create_directories(tree);
  for (const std::string& name : names) {
    std::ofstream(tree / name) << name;
  }
  const auto file = dir / "kernel.squashfs";
  REQUIRE(run_checked(
      {"mksquashfs", tree.string(), file.string(), "-noappend", "-quiet", "-no-progress"}));
  return file;
}

}  // namespace

TEST_CASE("a disk is a qcow2 that is whole in itself") {
  CHECK(check_disk_info(R"({"format": "qcow2", "format-specific": {"data": {"compat": "1.1"}}})",
                        "x"));
  CHECK(says(check_disk_info(R"({"format": "raw"})", "x"), "x is not a disk"));
  CHECK(says(check_disk_info(R"({"format": "qcow2", "backing-filename": "/etc/shadow"})", "x"),
             "/etc/shadow"));
  CHECK(says(
      check_disk_info(
          R"({"format": "qcow2", "format-specific": {"data": {"data-file": "/dev/sda"}}})", "x"),
      "in another file"));
  for (const char* odd : {"", "[]", "{}", R"({"format": 7})"}) {
    CHECK(says(check_disk_info(odd, "x"), "x is not a disk"));
  }
}

TEST_CASE("kernel and initrd are taken out of a payload, again as well") {
  const tests::TempDir dir;
  const auto payload = packed(dir, {"vmlinuz", "initrd.img", "more"});
  for (int time = 0; time < 2; ++time) {
    const auto done = extract_kernel(payload, dir / "out");
    REQUIRE_MESSAGE(done, done.error().message());
    CHECK(*read_file(kernel_files(dir / "out").kernel) == "vmlinuz");
    CHECK(*read_file(kernel_files(dir / "out").initrd) == "initrd.img");
    CHECK_FALSE(std::filesystem::exists(dir / "out" / "more"));
  }
}

TEST_CASE("a payload without one of them is refused by its name") {
  const tests::TempDir dir;
  CHECK(says(extract_kernel(packed(dir, {"vmlinuz"}), dir / "out"), "holds no initrd.img"));
  CHECK(says(extract_kernel(packed(dir, {"vmlinuz.new"}), dir / "out"), "holds no vmlinuz"));
  std::ofstream(dir / "text") << "no squashfs";
  CHECK_FALSE(extract_kernel(dir / "text", dir / "out"));
}
