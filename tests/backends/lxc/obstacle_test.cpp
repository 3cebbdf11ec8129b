#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "checkpoint/criu.hpp"
#include "issu/base/clock.hpp"
#include "tests/backends/lxc/bird_peer.hpp"
#include "tests/backends/rp_saved_contract.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::backends;
using namespace issu::testing;

namespace {

bool is_established(RouteProcessor& rp) {
  const auto view = rp.control_plane(Slot::a);
  return view && std::any_of(view->sessions.begin(), view->sessions.end(),
                             [](const auto& session) { return session.established; });
}

}  // namespace

TEST_CASE("a BGP session of link-local addresses is refused by name, and lives on") {
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
         " neighbor fe80::2 remote-as 65001\n neighbor fe80::2 interface port0\n"
         " neighbor fe80::2 timers connect 1\n"
         " address-family ipv6 unicast\n  neighbor fe80::2 activate\n exit-address-family\n";
  const BirdPeer peer(lab, {.router = "fe80::1", .peer = "fe80::2", .length = 64});
  const RpContract contract = lab.contract();
  auto rp = lab.make();
  rp_brings_up(*rp, Slot::a, contract.payload);
  REQUIRE(wait_until([&] { return is_established(*rp); }, Deadline::in(std::chrono::seconds(40)),
                     std::chrono::milliseconds(200)));
  const auto refused = rp->check_save(Slot::a);
  REQUIRE_FALSE(refused.has_value());
  const std::string told = refused.error().message();
  INFO(told);
  for (const char* word : {"bgpd", "descriptor ", "link-local", "strategy restart"}) {
    CHECK_MESSAGE(told.find(word) != std::string::npos, word);
  }
  CHECK(is_established(*rp));
  rp_goes_on(contract, Slot::a);
  rp_takes_down(contract);
}
