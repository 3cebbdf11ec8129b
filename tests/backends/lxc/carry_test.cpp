#include "backends/lxc/carry.hpp"

#include <doctest/doctest.h>

#include "issu/base/file.hpp"
#include "tests/temp_dir.hpp"

namespace issu::backends::lxc {
namespace {

namespace fs = std::filesystem;

/// Two slots and a folder of the host that none of them may reach.
struct Slots {
  tests::TempDir dir;
  RouterSpec spec;
  SlotFiles from{with_run_dir(), Slot::a};
  SlotFiles to{with_run_dir(), Slot::b};

  Slots() {
    for (const auto* slot : {&from, &to}) {
      for (const auto& folder :
           {slot->upper(), slot->rootfs(), slot->init(), slot->run(), slot->config()}) {
        REQUIRE(make_dirs(folder));
      }
    }
    REQUIRE(make_dirs(host()));
    REQUIRE(write_file_atomic(host() / "file", "of the host"));
  }
  const RouterSpec& with_run_dir() {
    spec.run_dir = dir / "run";
    return spec;
  }
  [[nodiscard]] fs::path host() const { return dir / "host"; }
  void write(const fs::path& file, const std::string& text = "of the container") const {
    REQUIRE(make_dirs(file.parent_path()));
    REQUIRE(write_file_atomic(file, text));
  }
  /// The host has what it had.
  void check_untouched() const {
    CHECK(*read_file(host() / "file") == "of the host");
    CHECK(std::distance(fs::directory_iterator(host()), {}) == 1);
  }
};

TEST_CASE("files, folders and links go along under their names") {
  const Slots slots;
  slots.write(slots.from.upper() / "var/log/bgpd.log");
  slots.write(slots.from.run() / "bgpd.pid", "7");
  fs::create_symlink("bgpd.log", slots.from.upper() / "var/log/newest");
  fs::permissions(slots.from.upper() / "var/log/bgpd.log", fs::perms(0640));
  REQUIRE(carry_files(slots.from, slots.to));
  CHECK(*read_file(slots.to.rootfs() / "var/log/bgpd.log") == "of the container");
  CHECK(fs::status(slots.to.rootfs() / "var/log/bgpd.log").permissions() == fs::perms(0640));
  CHECK(fs::read_symlink(slots.to.rootfs() / "var/log/newest") == "bgpd.log");
  CHECK(*read_file(slots.to.run() / "bgpd.pid") == "7");
  slots.write(slots.from.run() / "bgpd.pid", "8");
  REQUIRE(carry_files(slots.from, slots.to));
  CHECK(*read_file(slots.to.run() / "bgpd.pid") == "8");
}

TEST_CASE("a folder in the place of a link of the image does not lead onto the host") {
  const Slots slots;
  slots.write(slots.from.upper() / "var/run/evil");
  REQUIRE(make_dirs(slots.to.rootfs() / "var"));
  fs::create_directory_symlink(slots.host(), slots.to.rootfs() / "var/run");
  REQUIRE(carry_files(slots.from, slots.to));
  slots.check_untouched();
  CHECK(*read_file(slots.to.rootfs() / "var/run/evil") == "of the container");
}

TEST_CASE("a file in the place of a link of the image does not write through it") {
  const Slots slots;
  slots.write(slots.from.upper() / "etc/localtime");
  REQUIRE(make_dirs(slots.to.rootfs() / "etc"));
  fs::create_symlink(slots.host() / "file", slots.to.rootfs() / "etc/localtime");
  REQUIRE(carry_files(slots.from, slots.to));
  slots.check_untouched();
  CHECK_FALSE(fs::is_symlink(slots.to.rootfs() / "etc/localtime"));
  CHECK(*read_file(slots.to.rootfs() / "etc/localtime") == "of the container");
}

TEST_CASE("a link in the place of a folder of the image is a link there, too") {
  const Slots slots;
  fs::create_directory_symlink(slots.host(), slots.from.upper() / "data");
  slots.write(slots.to.rootfs() / "data/file", "of the image");
  REQUIRE(carry_files(slots.from, slots.to));
  slots.check_untouched();
  CHECK(fs::read_symlink(slots.to.rootfs() / "data") == slots.host());
}

}  // namespace
}  // namespace issu::backends::lxc
