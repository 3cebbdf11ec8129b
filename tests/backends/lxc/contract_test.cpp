#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "issu/base/clock.hpp"
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
