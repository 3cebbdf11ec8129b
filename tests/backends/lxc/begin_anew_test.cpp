#include <doctest/doctest.h>

#include <fstream>

#include "checkpoint/criu.hpp"
#include "issu/base/clock.hpp"
#include "tests/backends/lxc/bird_peer.hpp"
#include "tests/backends/rp_saved_contract.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::backends;
using namespace issu::testing;

TEST_CASE("a restore that is repeated leaves the sessions alone that have come up since") {
  LxcLab lab("frr");
  if (!lab.missing().empty()) {
    ISSU_SKIP(lab.missing());
  }
  if (const auto criu = checkpoint::locate_criu(); !criu) {
    ISSU_SKIP(criu.error().message());
  }
  if (!no_bird_peer().empty()) {
    ISSU_SKIP(no_bird_peer());
  }
  std::ofstream(lab.spec().config_dir / "bgpd.conf")
      << "router bgp 65000\n bgp router-id 192.0.2.1\n no bgp ebgp-requires-policy\n"
         " neighbor 192.0.2.2 remote-as 65001\n neighbor 192.0.2.2 timers connect 1\n";
  const BirdPeer peer(lab, {.router = "192.0.2.1", .peer = "192.0.2.2"});
  const RpContract contract = lab.contract();
  const auto comes_up = [&] {
    return wait_until([&] { return peer.is_up(); }, Deadline::in(std::chrono::seconds(40)),
                      std::chrono::milliseconds(100));
  };
  rp_brings_up(*lab.make(), Slot::a, contract.payload);
  REQUIRE(comes_up());
  RP_OK(lab.make()->prepare_save(Slot::a));
  RP_OK(lab.make()->save(Slot::a, Afterwards::gone));
  RP_OK(lab.make()->restore(Slot::a, Slot::a, Sessions::drop));
  // Its first packet tells the peer that the old connection is gone.
  REQUIRE(wait_until([&] { return peer.times_up() == 2 && peer.is_up(); },
                     Deadline::in(std::chrono::seconds(60)), std::chrono::milliseconds(100)));
  // Whoever called was killed before it could write down that it was done.
  RP_OK(lab.make()->restore(Slot::a, Slot::a, Sessions::drop));
  sleep_for(std::chrono::seconds(2));
  CHECK(peer.is_up());
  CHECK(peer.times_up() == 2);
  rp_goes_on(contract, Slot::a);
  rp_takes_down(contract);
}
