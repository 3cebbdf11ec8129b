#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "issu/doctor/examine.hpp"
#include "issu/doctor/probe.hpp"
#include "tests/skip.hpp"

namespace fs = std::filesystem;
using issu::doctor::Capability;
using issu::doctor::Present;
using issu::doctor::probe;

namespace {

const std::vector<Capability>& examined() {
  static const std::vector<Capability> all = issu::doctor::examine();
  return all;
}

const Capability& find(const std::string& id) {
  const auto found = std::find_if(examined().begin(), examined().end(),
                                  [&](const Capability& each) { return each.id == id; });
  REQUIRE_MESSAGE(found != examined().end(), id);
  return *found;
}

std::size_t lines_of(const char* file) {
  std::ifstream in(file);
  return static_cast<std::size_t>(
      std::count(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>(), '\n'));
}

}  // namespace

TEST_CASE("a trial tells what it saw, or why not") {
  const auto good = probe([]() -> issu::Result<std::string> { return std::string("seen"); },
                          std::chrono::seconds(5));
  REQUIRE(good.has_value());
  CHECK(*good == "seen");
  const auto bad = probe([]() -> issu::Result<std::string> { return issu::fail("broken", "hint"); },
                         std::chrono::seconds(5));
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().what() == "broken");
  const auto crash =
      probe([]() -> issu::Result<std::string> { _exit(3); }, std::chrono::seconds(5));
  CHECK_FALSE(crash.has_value());
}

TEST_CASE("a trial that hangs is cut, and what it started ends with it") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed for a pid namespace");
  }
  const fs::path mark =
      fs::temp_directory_path() / ("issu-doctor-test-" + std::to_string(getpid()));
  const issu::MonoNs before = issu::mono_now();
  const auto hung = probe(
      [&]() -> issu::Result<std::string> {
        // A process of another session, that writes its file on and on.
        auto child = issu::spawn_detached(
            {"/bin/sh", "-c", "while :; do echo x >> " + mark.string() + "; sleep 0.02; done"});
        issu::sleep_for(std::chrono::seconds(60));
        return std::string("never");
      },
      std::chrono::milliseconds(400));
  REQUIRE_FALSE(hung.has_value());
  CHECK(hung.error().kind() == issu::ErrorKind::timeout);
  CHECK(issu::to_s(issu::mono_now() - before) < 3);
  REQUIRE(fs::exists(mark));
  const auto size = fs::file_size(mark);
  issu::sleep_for(std::chrono::milliseconds(200));
  CHECK(fs::file_size(mark) == size);
  fs::remove(mark);
}

TEST_CASE("every capability says what it is for and how to get it") {
  std::set<std::string> ids;
  for (const Capability& capability : examined()) {
    INFO(capability.id);
    CHECK(ids.insert(capability.id).second);
    CHECK_FALSE(capability.name.empty());
    CHECK_FALSE(capability.detail.empty());
    CHECK_FALSE(capability.needed_for.empty());
    CHECK_FALSE(capability.how_to_get.empty());
  }
  for (const char* user : {"checkpoint", "kernel", "lxc", "restart", "soft", "soft-packet",
                           "soft-xdp", "standby", "vm"}) {
    const auto users = issu::doctor::users(examined());
    CHECK(std::find(users.begin(), users.end(), user) != users.end());
  }
}

TEST_CASE("nothing is left on the host") {
  const auto loops = [] {
    return issu::run_checked({"losetup", "--list", "--noheadings"}).value_or("?");
  };
  const auto mounts_before = lines_of("/proc/self/mounts");
  const auto loops_before = loops();
  const auto again = issu::doctor::examine();
  CHECK(lines_of("/proc/self/mounts") == mounts_before);
  CHECK(loops() == loops_before);
  CHECK_FALSE(fs::exists("/sys/fs/cgroup/issu-doctor"));
  CHECK_FALSE(fs::exists("/sys/fs/cgroup/freezer/issu-doctor"));
}

TEST_CASE("what the doctor says agrees with a trial by hand") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed for namespaces");
  }
  const auto by_hand = [](const issu::Argv& argv) {
    const auto output = issu::run(argv);
    return output && output->status == 0 ? Present::yes : Present::no;
  };
  CHECK(find("nftables").present == by_hand({"unshare", "-n", "nft", "add", "table", "inet", "x"}));
  CHECK(find("veth").present == by_hand({"unshare", "-n", "ip", "link", "add", "a0", "type", "veth",
                                         "peer", "name", "a1"}));
  CHECK(find("namespace.time").present == by_hand({"unshare", "--time", "true"}));
  CHECK(find("mksquashfs").present == by_hand({"mksquashfs", "-version"}));
}

TEST_CASE("KVM is never a yes without a guest that booted") {
  CHECK(find("kvm").present != Present::yes);
}

TEST_CASE("what the doctor says of virtual machines agrees with a trial by hand") {
  const auto by_hand = [](const issu::Argv& argv) {
    const auto output = issu::run(argv);
    return output && output->status == 0 ? Present::yes : Present::no;
  };
  CHECK(find("qemu").present == by_hand({"qemu-system-x86_64", "--version"}));
  CHECK(find("qemu-img").present == by_hand({"qemu-img", "--version"}));
  CHECK(find("libvirt.user").present == by_hand({"id", "libvirt-qemu"}));
  if (geteuid() == 0 && find("qemu").present == Present::yes &&
      by_hand({"dpkg-query", "--show", "libvirt-daemon-driver-qemu"}) == Present::yes) {
    CHECK(find("libvirt.qemu").present == find("libvirt.user").present);
  }
  // Nothing of the trial is on the host.
  CHECK_FALSE(fs::exists("/run/issu-doctor"));
}

TEST_CASE("without the right to do anything nothing is claimed") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed to become somebody else");
  }
  const auto told = probe(
      []() -> issu::Result<std::string> {
        if (setgid(65534) != 0 || setuid(65534) != 0) {
          return issu::fail_errno("becoming nobody");
        }
        const auto all = issu::doctor::examine();
        return std::string(issu::doctor::can_run(all, "lxc") ? "can run" : "can't run");
      },
      std::chrono::seconds(60));
  REQUIRE(told.has_value());
  CHECK(*told == "can't run");
}
