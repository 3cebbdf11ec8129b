// A real guest under QEMU: comes up, runs programs, is paused, saved, found again, and ends.

#include <doctest/doctest.h>

#include "tests/backends/vm/guest_lab.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::backends::vm;
using namespace issu::testing;

TEST_CASE("a guest comes up, runs programs, stands still, is saved, and goes on") {
  if (!missing().empty()) {
    ISSU_SKIP(missing());
  }
  GuestLab lab;
  lab.connect();
  Hypervisor& hypervisor = *lab.hypervisor;
  const std::string& name = lab.domain.name;
  CHECK(*hypervisor.power(name) == Power::absent);
  GUEST_OK(hypervisor.start(lab.domain));
  CHECK(*hypervisor.power(name) == Power::running);
  GUEST_OK(hypervisor.start(lab.domain));
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

  GUEST_OK(agent.run({"/usr/bin/busybox", "touch", "/run/remembered"}, soon));
  GUEST_OK(hypervisor.pause(name));
  CHECK(*hypervisor.power(name) == Power::paused);
  GUEST_OK(hypervisor.resume(name));
  GUEST_OK(hypervisor.save(name));
  CHECK(*hypervisor.power(name) == Power::off);
  GUEST_OK(hypervisor.start(lab.domain));
  GUEST_OK(agent.wait(boots_within));
  said = agent.run({"/usr/bin/busybox", "ls", "/run/remembered"}, soon);
  REQUIRE_MESSAGE(said, said.error().message());
  CHECK(said->exit_code == 0);

  // An agent that does not answer is given up in its time, one that answers late is waited for,
  // and what it was asked meanwhile does not come back as the answer to something else.
  GUEST_OK(agent.begin({"/usr/bin/busybox", "sh", "-c",
                        "sleep 1; a=$(pidof qemu-ga); kill -STOP $a; sleep 9; kill -CONT $a"}));
  sleep_for(std::chrono::seconds(3));
  const auto silent = agent.wait(std::chrono::seconds(1));
  REQUIRE_FALSE(silent);
  CHECK(silent.error().kind() == ErrorKind::timeout);
  CHECK(silent.error().message().find("did not answer within 1 s") != std::string::npos);
  GUEST_OK(agent.wait(soon));
  said = agent.run({"/usr/bin/busybox", "echo", "late"}, soon);
  REQUIRE_MESSAGE(said, said.error().message());
  CHECK(said->output == "late\n");

  GUEST_OK(hypervisor.destroy(name));
  CHECK(*hypervisor.power(name) == Power::absent);
  GUEST_OK(hypervisor.destroy(name));
}

TEST_CASE("a guest that ends is told, not waited for") {
  if (!missing().empty()) {
    ISSU_SKIP(missing());
  }
  GuestLab lab;
  lab.connect();
  GUEST_OK(lab.hypervisor->start(lab.domain));
  GuestAgent agent(*lab.hypervisor, lab.domain.name);
  GUEST_OK(agent.wait(boots_within));
  (void)agent.run({"/usr/bin/busybox", "poweroff", "-f"}, std::chrono::seconds(1));
  const auto up = agent.wait(boots_within);
  REQUIRE_FALSE(up);
  CHECK(up.error().message().find("does not run any more") != std::string::npos);
  // Off is off, also while libvirt still cleans up behind it.
  for (int time = 0; time < 3; ++time) {
    GUEST_OK(lab.hypervisor->start(lab.domain));
    const auto again = agent.wait(boots_within);
    REQUIRE_MESSAGE(again, again.error().message() << lab.serial());
    (void)lab.hypervisor->ask_agent(lab.domain.name,
                                    R"({"execute":"guest-exec","arguments":{"path":)"
                                    R"("/usr/bin/busybox","arg":["reboot","-f"]}})",
                                    soon);
    REQUIRE(wait_until([&] { return *lab.hypervisor->power(lab.domain.name) != Power::running; },
                       Deadline::in(soon), std::chrono::milliseconds(1)));
  }
}

TEST_CASE("a hypervisor that can't be: too long a folder") {
  const auto opened =
      Hypervisor::open({.uri = {}, .root = "/" + std::string(60, 'x'), .netns = {}});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message().find("40 characters") != std::string::npos);
}
