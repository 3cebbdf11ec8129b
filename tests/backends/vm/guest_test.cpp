// A real guest under QEMU: comes up, runs programs, is paused, saved, found again, and ends.

#include <doctest/doctest.h>

#include "backends/vm/guest_agent.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;
using namespace issu::backends::vm;

namespace {

constexpr std::chrono::seconds boots_within{90};
constexpr std::chrono::seconds soon{20};

const std::filesystem::path base =
    std::filesystem::path(ISSU_SOURCE_DIR) / "build" / "images" / "frr-vm-bookworm.qcow2";

/// libvirt opens one folder in a process.
const std::filesystem::path& root() {
  static const tests::TempDir dir;
  static const std::filesystem::path root = dir / "lv";
  return root;
}

/// One machine, gone at the end.
struct Lab {
  Lab() {
    domain.name = "guest";
    domain.memory_mib = 256;
    domain.disk = dir / "disk.qcow2";
    domain.serial_log = dir / "serial.log";
    const auto made = run_checked({"qemu-img", "create", "-q", "-f", "qcow2", "-b", base.string(),
                                   "-F", "qcow2", domain.disk.string()});
    REQUIRE_MESSAGE(made, made.error().message());
    auto opened = Hypervisor::open({.uri = {}, .root = root(), .netns = {}});
    REQUIRE_MESSAGE(opened, opened.error().message());
    hypervisor.emplace(std::move(*opened));
  }
  ~Lab() {
    if (hypervisor) {
      (void)hypervisor->destroy(domain.name);
    }
  }
  [[nodiscard]] std::string serial() const { return read_file(domain.serial_log).value_or(""); }

  tests::TempDir dir;
  Domain domain;
  std::optional<Hypervisor> hypervisor;
};

std::string missing() {
  return std::filesystem::exists(base) ? std::string()
                                       : base.string() + " is not there: scenarios/images/build";
}

#define OK(expression)                                       \
  do {                                                       \
    const auto ok_result = (expression);                     \
    REQUIRE_MESSAGE(ok_result, ok_result.error().message()); \
  } while (false)

}  // namespace

TEST_CASE("a guest comes up, runs programs, stands still, is saved, and goes on") {
  if (!missing().empty()) {
    ISSU_SKIP(missing());
  }
  Lab lab;
  Hypervisor& hypervisor = *lab.hypervisor;
  const std::string& name = lab.domain.name;
  CHECK(*hypervisor.power(name) == Power::absent);
  OK(hypervisor.start(lab.domain));
  CHECK(*hypervisor.power(name) == Power::running);
  OK(hypervisor.start(lab.domain));
  GuestAgent agent(hypervisor, name);
  const auto up = agent.wait(boots_within);
  REQUIRE_MESSAGE(up, up.error().message() << lab.serial());

  auto said = agent.run({"/usr/bin/busybox", "sh", "-c", "echo out; echo err >&2; exit 3"}, soon);
  REQUIRE_MESSAGE(said, said.error().message());
  CHECK(said->exit_code == 3);
  CHECK(said->output == "out\n");
  CHECK(said->errors == "err\n");
  CHECK_FALSE(agent.run({"/no/such/program"}, soon));
  const auto slow = agent.run({"/usr/bin/busybox", "sleep", "30"}, std::chrono::seconds(1));
  REQUIRE_FALSE(slow);
  CHECK(slow.error().kind() == ErrorKind::timeout);

  OK(agent.run({"/usr/bin/busybox", "touch", "/run/remembered"}, soon));
  OK(hypervisor.pause(name));
  CHECK(*hypervisor.power(name) == Power::paused);
  OK(hypervisor.resume(name));
  OK(hypervisor.save(name));
  CHECK(*hypervisor.power(name) == Power::off);
  OK(hypervisor.start(lab.domain));
  OK(agent.wait(boots_within));
  said = agent.run({"/usr/bin/busybox", "ls", "/run/remembered"}, soon);
  REQUIRE_MESSAGE(said, said.error().message());
  CHECK(said->exit_code == 0);

  OK(hypervisor.destroy(name));
  CHECK(*hypervisor.power(name) == Power::absent);
  OK(hypervisor.destroy(name));
}

TEST_CASE("a machine lives on when who started it is gone, and is found again") {
  if (!missing().empty()) {
    ISSU_SKIP(missing());
  }
  Lab lab;
  OK(lab.hypervisor->start(lab.domain));
  lab.hypervisor.reset();
  auto again = Hypervisor::open({.uri = {}, .root = root(), .netns = {}});
  REQUIRE_MESSAGE(again, again.error().message());
  lab.hypervisor.emplace(std::move(*again));
  CHECK(*lab.hypervisor->power(lab.domain.name) == Power::running);
  GuestAgent agent(*lab.hypervisor, lab.domain.name);
  const auto up = agent.wait(boots_within);
  CHECK_MESSAGE(up, up.error().message() << lab.serial());
}

TEST_CASE("a guest that ends is told, not waited for") {
  if (!missing().empty()) {
    ISSU_SKIP(missing());
  }
  Lab lab;
  OK(lab.hypervisor->start(lab.domain));
  GuestAgent agent(*lab.hypervisor, lab.domain.name);
  OK(agent.wait(boots_within));
  (void)agent.run({"/usr/bin/busybox", "poweroff", "-f"}, std::chrono::seconds(1));
  const auto up = agent.wait(boots_within);
  REQUIRE_FALSE(up);
  CHECK(up.error().message().find("does not run any more") != std::string::npos);
}

TEST_CASE("a hypervisor that can't be: too long a folder") {
  const auto opened =
      Hypervisor::open({.uri = {}, .root = "/" + std::string(60, 'x'), .netns = {}});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message().find("40 characters") != std::string::npos);
}
