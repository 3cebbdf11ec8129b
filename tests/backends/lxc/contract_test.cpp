#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "backends/lxc/lxc.hpp"
#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"
#include "tests/backends/lxc/lxc_lab.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::backends;
using namespace issu::testing;

TEST_CASE("the container backend keeps the contract with FRR") {
  LxcLab lab("frr");
  if (!lab.missing().empty()) {
    ISSU_SKIP(lab.missing());
  }
  check_rp_contract(lab.contract());
}

TEST_CASE("the container backend keeps the contract with BIRD") {
  LxcLab lab("bird");
  if (!lab.missing().empty()) {
    ISSU_SKIP(lab.missing());
  }
  check_rp_contract(lab.contract());
}

TEST_CASE("the daemons of a container in a user namespace are the host's root nowhere") {
  constexpr std::uint32_t first = 12 * 65536;
  LxcLab lab("frr", first);
  if (!lab.missing().empty()) {
    ISSU_SKIP(lab.missing());
  }
  auto rp = lab.make();
  RP_OK(rp->check());
  RP_OK(rp->stage(Slot::a, lab.contract().payload));
  RP_OK(rp->boot(Slot::a));
  RP_OK(rp->activate(Slot::a));
  const auto status = rp->status(Slot::a);
  REQUIRE(status.has_value());
  CHECK(status->daemons.size() == 3);
  for (const DaemonStatus& daemon : status->daemons) {
    const auto text = read_file("/proc/" + std::to_string(daemon.pid) + "/status").value_or("");
    CHECK(text.find("\nUid:\t" + std::to_string(first) + "\t") != std::string::npos);
  }
  // zebra may write the chassis' routes all the same.
  const auto routes = [&] {
    return run_checked({"ip", "route", "show"}, {.netns = "/run/netns/" + lab.spec().netns})
        .value_or("");
  };
  CHECK(wait_until([&] { return routes().find("198.51.100.0/24") != std::string::npos; },
                   Deadline::in(std::chrono::seconds(10))));
  // The other slot takes over in the same namespace.
  RP_OK(rp->stage(Slot::b, lab.contract().other_payload));
  RP_OK(rp->boot(Slot::b));
  RP_OK(rp->fence(Slot::a));
  RP_OK(rp->activate(Slot::b));
  CHECK(routes().find("198.51.100.0/24") != std::string::npos);
}

TEST_CASE("a run_dir that the container's users can't reach is refused") {
  LxcLab lab("frr", 13 * 65536);
  if (!lab.missing().empty()) {
    ISSU_SKIP(lab.missing());
  }
  auto spec = lab.spec();
  CHECK(make_lxc(spec).value()->check().has_value());
  const auto locked = spec.state_dir.parent_path() / "locked";
  REQUIRE(make_dirs(locked, 0700).has_value());
  spec.run_dir = locked / "run";
  const auto closed = make_lxc(spec).value()->check();
  REQUIRE_FALSE(closed.has_value());
  CHECK(closed.error().message().find("can't pass " + locked.string()) != std::string::npos);
}

TEST_CASE("the daemons' routes are told, those of an earlier life are not") {
  LxcLab lab("frr");
  if (!lab.missing().empty()) {
    ISSU_SKIP(lab.missing());
  }
  auto rp = lab.make();
  RP_OK(rp->stage(Slot::a, lab.contract().payload));
  RP_OK(rp->boot(Slot::a));
  RP_OK(rp->activate(Slot::a));
  const auto kept = state_sync::Prefix::parse("198.51.100.0/24").value();
  const auto lost = state_sync::Prefix::parse("2001:db8:9::/48").value();
  std::vector<state_sync::Prefix> routes;
  const auto asked = [&] {
    auto answer = rp->routes(Slot::a);
    routes = answer && *answer ? **answer : std::vector<state_sync::Prefix>{};
    return std::count(routes.begin(), routes.end(), kept) == 1;
  };
  REQUIRE(wait_until(asked, Deadline::in(std::chrono::seconds(10))));
  REQUIRE(wait_until([&] { return asked() && routes.size() == 2; },
                     Deadline::in(std::chrono::seconds(10))));

  // The next life does not know one of them: the kernel still holds it, nobody announces it.
  RP_OK(rp->fence(Slot::a));
  RP_OK(rp->power_off(Slot::a));
  std::ofstream(lab.spec().config_dir / "staticd.conf") << "ip route 198.51.100.0/24 blackhole\n";
  RP_OK(rp->boot(Slot::a));
  RP_OK(rp->activate(Slot::a));
  REQUIRE(wait_until(asked, Deadline::in(std::chrono::seconds(10))));
  CHECK(std::count(routes.begin(), routes.end(), lost) == 0);
  const auto kernel = run_checked({"ip", "-6", "route", "show", "table", "all"},
                                  RunOptions{.netns = "/run/netns/" + lab.spec().netns});
  REQUIRE(kernel.has_value());
  CHECK(kernel->find("2001:db8:9::/48") != std::string::npos);
}

TEST_CASE("a daemon that cannot run is named, with what it said") {
  LxcLab lab("bird");
  if (!lab.missing().empty()) {
    ISSU_SKIP(lab.missing());
  }
  std::ofstream(lab.spec().config_dir / "bird.conf") << "nonsense\n";
  auto rp = lab.make();
  RP_OK(rp->stage(Slot::a, lab.contract().payload));
  RP_OK(rp->boot(Slot::a));
  const auto started = rp->activate(Slot::a);
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().message().find("bird ended with exit 1") != std::string::npos);
  CHECK(started.error().message().find("syntax error") != std::string::npos);
  RP_OK(rp->fence(Slot::a));
}

TEST_CASE("a fence holds also when process 1 does not answer") {
  LxcLab lab("frr");
  if (!lab.missing().empty()) {
    ISSU_SKIP(lab.missing());
  }
  auto rp = lab.make();
  RP_OK(rp->stage(Slot::a, lab.contract().payload));
  RP_OK(rp->boot(Slot::a));
  RP_OK(rp->activate(Slot::a));
  const auto daemons = daemons_of(*rp, Slot::a);
  const auto parent = run_checked({"ps", "-o", "ppid=", "-p", std::to_string(daemons.front().pid)});
  REQUIRE(parent.has_value());
  RP_OK(send_signal(identify(std::stoi(*parent)), SIGSTOP));
  RP_OK(rp->fence(Slot::a));
  CHECK_FALSE(any_alive(daemons));
  CHECK(power_of(*rp, Slot::a) == SlotPower::booted);
}
