#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "checkpoint/criu.hpp"
#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/netns.hpp"
#include "tests/backends/lxc/lxc_lab.hpp"
#include "tests/backends/rp_saved_contract.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;
using namespace issu::backends;
using namespace issu::testing;

namespace {

void must(const Argv& words) {
  const auto done = run_checked(words);
  REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().message()));
}

/// A BIRD behind a link of the chassis that speaks BGP over the link-local addresses of it.
class LinkLocalPeer {
 public:
  explicit LinkLocalPeer(const LxcLab& lab) : netns_(lab.spec().netns + "p") {
    const std::string& chassis = lab.spec().netns;
    REQUIRE(NetNs::create(netns_).has_value());
    must({"ip", "-n", chassis, "link", "add", "port0", "type", "veth", "peer", "name", "port0",
          "netns", netns_});
    for (const auto& [netns, address] : {std::pair{chassis, "fe80::1"}, {netns_, "fe80::2"}}) {
      must({"ip", "-n", netns, "link", "set", "dev", "port0", "addrgenmode", "none", "up"});
      must({"ip", "-n", netns, "addr", "add", std::string(address) + "/64", "dev", "port0",
            "nodad"});
    }
    std::ofstream(dir_ / "bird.conf")
        << "router id 192.0.2.2;\nprotocol device {}\n"
           "protocol bgp session { local fe80::2 as 65001; neighbor fe80::1%port0 as 65000;\n"
           "  connect delay time 1; connect retry time 1; ipv6 { import all; export all; }; }\n";
    must({"ip", "netns", "exec", netns_, "bird", "-c", dir_ / "bird.conf", "-s", control()});
  }
  LinkLocalPeer(const LinkLocalPeer&) = delete;
  LinkLocalPeer& operator=(const LinkLocalPeer&) = delete;
  ~LinkLocalPeer() {
    (void)run({"birdc", "-s", control(), "down"});
    CHECK(NetNs::remove(netns_).has_value());
  }

 private:
  [[nodiscard]] std::string control() const { return (dir_ / "bird.ctl").string(); }
  tests::TempDir dir_;
  std::string netns_;
};

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
  if (const auto bird = run({"bird", "--version"}); !bird || bird->status != 0) {
    ISSU_SKIP("there is no bird: apt-get install bird2");
  }
  std::ofstream(lab.spec().config_dir / "bgpd.conf")
      << "router bgp 65000\n bgp router-id 192.0.2.1\n no bgp ebgp-requires-policy\n"
         " neighbor fe80::2 remote-as 65001\n neighbor fe80::2 interface port0\n"
         " neighbor fe80::2 timers connect 1\n"
         " address-family ipv6 unicast\n  neighbor fe80::2 activate\n exit-address-family\n";
  const LinkLocalPeer peer(lab);
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
