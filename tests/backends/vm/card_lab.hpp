#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "backends/vm/vm.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "tests/backends/rp_contract.hpp"
#include "tests/backends/vm/guest_look.hpp"
#include "tests/temp_dir.hpp"

namespace issu::testing {

#define CARD_OK(expression)                             \
  do {                                                  \
    if (auto done = (expression); !done) {              \
      FAIL(#expression ": " << done.error().message()); \
    }                                                   \
  } while (false)

inline std::filesystem::path card_image(const std::string& name) {
  const char* kind = name.starts_with("card-kernel") ? ".squashfs" : ".ext4";
  return std::filesystem::path(ISSU_SOURCE_DIR) / "build" / "images" / (name + kind);
}

/// libvirt keeps it open until the process ends.
inline const std::filesystem::path& card_dir() {
  static const tests::TempDir dir;
  static const std::filesystem::path path = dir.path();
  return path;
}

inline constexpr const char* card_bird_conf = R"(log "%s/bird.log" all;
router id 192.0.2.2;
protocol device {}
protocol static some { ipv4; route 10.1.0.0/16 blackhole; route 10.2.0.0/16 blackhole; }
protocol static more { disabled; ipv4; route 10.3.0.0/16 blackhole; }
protocol bgp card {
  local as 65001; neighbor 192.0.2.1 as 65000; hold time 90; password "kept-hidden";
  debug { states }; connect delay time 1; connect retry time 1; error wait time 1,2;
  ipv4 { import all; export all; };
}
)";

inline constexpr const char* card_bgpd_conf = R"(router bgp 65000
 bgp router-id 192.0.2.1
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor 192.0.2.2 remote-as 65001
 neighbor 192.0.2.2 password kept-hidden
 neighbor 192.0.2.2 timers 30 90
 neighbor 192.0.2.2 timers connect 1
 address-family ipv4 unicast
  network 198.51.100.0/24
 exit-address-family
)";

/// A card with one port: a tap, at whose other end BIRD is.
class CardLab {
 public:
  CardLab() {
    spec_.name = "c" + std::to_string(::getpid());
    spec_.suite = "frr";
    spec_.daemons = {"zebra", "bgpd", "staticd"};
    spec_.run_dir = card_dir();
    spec_.netns = "issu-" + spec_.name;
    spec_.config_dir = spec_.run_dir / "config";
    spec_.card_image = card_image("card-bookworm");
    spec_.ports.push_back({"p1", {"192.0.2.1/24"}, "", "", "", {}});
    std::filesystem::create_directories(spec_.config_dir);
    std::ofstream(spec_.config_dir / "zebra.conf") << "hostname lab\nallow-external-route-update\n";
    std::ofstream(spec_.config_dir / "bgpd.conf") << card_bgpd_conf;
    std::ofstream(spec_.config_dir / "staticd.conf") << "ip route 198.51.100.0/24 blackhole\n";
    CARD_OK(NetNs::create(spec_.npu_netns()));
    // In place of the NPU: a switch that both slots' taps are plugged into, and a port whose
    // hardware address they have.
    outside({"ip", "link", "add", "p1", "type", "veth", "peer", "name", "x1"});
    outside({"ip", "link", "add", "switch", "type", "bridge"});
    for (const char* tap : {"punt0a", "punt0b"}) {
      outside({"ip", "tuntap", "add", tap, "mode", "tap"});
      outside({"ip", "link", "set", tap, "master", "switch", "up"});
    }
    // A tap has no carrier while the card is off, and a neighbour of an NPU sees nothing of that.
    outside({"ip", "link", "set", "p1", "up"});
    outside({"ip", "link", "set", "x1", "master", "switch", "up"});
    outside({"ip", "address", "add", "192.0.2.2/24", "dev", "switch"});
    outside({"ip", "link", "set", "switch", "up"});
    char text[2048];
    std::snprintf(text, sizeof text, card_bird_conf, card_dir().c_str());
    std::ofstream(card_dir() / "bird.conf") << text;
    outside({"bird", "-c", (card_dir() / "bird.conf").string(), "-s",
             (card_dir() / "bird.ctl").string(), "-P", (card_dir() / "bird.pid").string()});
  }
  ~CardLab() {
    (void)outside({"birdc", "-s", (card_dir() / "bird.ctl").string(), "down"});
    auto rp = make();
    for (const backends::Slot slot : {backends::Slot::a, backends::Slot::b}) {
      CHECK(rp->power_off(slot).has_value());
    }
    for (const backends::Slot slot : {backends::Slot::a, backends::Slot::b}) {
      CHECK(rp->unstage(slot).has_value());
    }
    CHECK(NetNs::remove(spec_.npu_netns()).has_value());
  }
  CardLab(const CardLab&) = delete;
  CardLab& operator=(const CardLab&) = delete;

  [[nodiscard]] std::unique_ptr<backends::RouteProcessor> make() const {
    return std::move(*backends::make_card(spec_));
  }
  std::string outside(const Argv& words) const {
    RunOptions options;
    options.netns = NetNs::path_of(spec_.npu_netns());
    auto said = run_checked(words, options);
    if (!said) {
      FAIL(said.error().message());
    }
    return *said;
  }
  [[nodiscard]] RpContract contract() const {
    RpContract contract;
    contract.make = [this] { return make(); };
    contract.payload = {card_image("card-kernel-6.1-old"), "6.1"};
    contract.other_payload = {card_image("card-kernel-6.12"), "6.12"};
    // The card's own, the same under each kernel.
    contract.version = "8.4.4";
    contract.other_version = "8.4.4";
    contract.traces = [this] {
      return traces_of(spec_.run_dir, "guest=issu-" + spec_.name, {"card"});
    };
    contract.runs = [this](backends::Slot, const backends::DaemonStatus& daemon) {
      return in_card({"pidof", daemon.name}).value() == 0;
    };
    contract.kill = [this](backends::Slot, const backends::DaemonStatus& daemon) -> Result<void> {
      REQUIRE(in_card({"killall", "-9", daemon.name}).value() == 0);
      return {};
    };
    return contract;
  }
  [[nodiscard]] std::string bird(const std::string& words) const {
    return outside({"birdc", "-s", (card_dir() / "bird.ctl").string(), words});
  }
  [[nodiscard]] bool established() const {
    return bird("show protocols card").find("Established") != std::string::npos;
  }
  /// How often BIRD has seen it come up or go.
  [[nodiscard]] std::string changes() const {
    const std::string log = read_file(card_dir() / "bird.log").value_or("");
    std::size_t count = 0;
    for (auto at = log.find("State changed"); at != std::string::npos;
         at = log.find("State changed", at + 1)) {
      ++count;
    }
    return std::to_string(count);
  }

 private:
  Result<int> in_card(const std::vector<std::string>& words) const {
    return busybox_in(spec_.run_dir, NetNs::path_of(spec_.npu_netns()), "issu-" + spec_.name,
                      words);
  }

  backends::RouterSpec spec_;
};

inline std::string missing_cards() {
  for (const char* name : {"card-bookworm", "card-kernel-6.1-old", "card-kernel-6.12"}) {
    if (!std::filesystem::exists(card_image(name))) {
      return card_image(name).string() + " is not there: scenarios/images/build";
    }
  }
  return {};
}

}  // namespace issu::testing
