// Real FRR in real guests: every verb, and the change of slots.

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>

#include "backends/vm/vm.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "tests/backends/rp_contract.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::backends;

namespace {

namespace fs = std::filesystem;

fs::path image(const std::string& release) {
  return fs::path(ISSU_SOURCE_DIR) / "build" / "images" / ("frr-vm-" + release + ".qcow2");
}

/// A router without ports: its guests are reached through their channels.
struct Lab {
  Lab() {
    spec.name = "v" + std::to_string(::getpid());
    spec.suite = "frr";
    spec.daemons = {"zebra", "bgpd", "staticd"};
    spec.run_dir = "/run/issu/" + spec.name;
    spec.config_dir = spec.run_dir / "config";
    fs::create_directories(spec.config_dir);
    std::ofstream(spec.config_dir / "zebra.conf") << "hostname lab\nallow-external-route-update\n";
    std::ofstream(spec.config_dir / "bgpd.conf") << "router bgp 65000\n bgp router-id 192.0.2.1\n";
    std::ofstream(spec.config_dir / "staticd.conf") << "ip route 198.51.100.0/24 blackhole\n";
    rp = std::move(*make_vm(spec));
  }
  ~Lab() {
    for (const Slot slot : {Slot::a, Slot::b}) {
      CHECK(rp->power_off(slot).has_value());
      CHECK(rp->unstage(slot).has_value());
    }
    CHECK(remove_tree(spec.run_dir).has_value());
  }
  RouterSpec spec;
  std::unique_ptr<RouteProcessor> rp;
};

SlotPower power_of(const Lab& lab, Slot slot) {
  return issu::testing::power_of(*lab.rp, slot);
}

}  // namespace

TEST_CASE("guests with FRR: staged, booted, activated, fenced, the other slot takes over") {
  for (const char* release : {"bookworm", "trixie"}) {
    if (!fs::exists(image(release))) {
      ISSU_SKIP(image(release).string() + " is not there: scenarios/images/build");
    }
  }
  Lab lab;
  RouteProcessor& rp = *lab.rp;
  RP_OK(rp.check());
  CHECK(power_of(lab, Slot::a) == SlotPower::empty);
  CHECK_FALSE(rp.boot(Slot::a));
  CHECK_FALSE(rp.activate(Slot::a));
  RP_OK(rp.fence(Slot::a));
  for (int time = 0; time < 2; ++time) {
    RP_OK(rp.stage(Slot::a, {image("bookworm"), "old"}));
    CHECK(power_of(lab, Slot::a) == SlotPower::staged);
  }
  CHECK_FALSE(rp.stage(Slot::a, {image("trixie"), "new"}));
  CHECK_FALSE(rp.activate(Slot::a));
  for (int time = 0; time < 2; ++time) {
    RP_OK(rp.boot(Slot::a));
    CHECK(power_of(lab, Slot::a) == SlotPower::booted);
  }
  CHECK_FALSE(rp.control_plane(Slot::a));
  CHECK_FALSE(rp.unstage(Slot::a));
  for (int time = 0; time < 2; ++time) {
    RP_OK(rp.activate(Slot::a));
    CHECK(power_of(lab, Slot::a) == SlotPower::active);
  }
  auto view = rp.control_plane(Slot::a);
  REQUIRE(view);
  CHECK(view->answering);
  CHECK(view->version == "8.4.4");
  const auto routes = rp.routes(Slot::a);
  REQUIRE(routes);
  REQUIRE(*routes);
  CHECK((*routes)->size() == 1);

  RP_OK(rp.stage(Slot::b, {image("trixie"), "new"}));
  RP_OK(rp.boot(Slot::b));
  CHECK(rp.control_plane(Slot::a)->answering);
  for (int time = 0; time < 2; ++time) {
    RP_OK(rp.fence(Slot::a));
    CHECK(power_of(lab, Slot::a) == SlotPower::booted);
  }
  RP_OK(rp.activate(Slot::b));
  view = rp.control_plane(Slot::b);
  REQUIRE(view);
  CHECK(view->answering);
  CHECK(view->version == "10.3");

  RP_OK(rp.fence(Slot::b));
  RP_OK(rp.activate(Slot::a));
  CHECK(rp.control_plane(Slot::a)->version == "8.4.4");
  RP_OK(rp.power_off(Slot::a));
  CHECK(power_of(lab, Slot::a) == SlotPower::staged);
}
