// A kernel is changed under containers: FRR in a card, BIRD outside of it.

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "backends/vm/vm.hpp"
#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;
using namespace issu::backends;

namespace {

namespace fs = std::filesystem;

#define CARD_OK(expression)                             \
  do {                                                  \
    if (auto done = (expression); !done) {              \
      FAIL(#expression ": " << done.error().message()); \
    }                                                   \
  } while (false)

fs::path image(const std::string& name) {
  const char* kind = name.starts_with("card-kernel") ? ".squashfs" : ".ext4";
  return fs::path(ISSU_SOURCE_DIR) / "build" / "images" / (name + kind);
}

/// libvirt keeps it open until the process ends.
const fs::path& run_dir() {
  static const tests::TempDir dir;
  static const fs::path path = dir.path();
  return path;
}

constexpr const char* bird_conf = R"(log "%s/bird.log" all;
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

constexpr const char* bgpd_conf = R"(router bgp 65000
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
class Lab {
 public:
  Lab() {
    spec_.name = "c" + std::to_string(::getpid());
    spec_.suite = "frr";
    spec_.daemons = {"zebra", "bgpd", "staticd"};
    spec_.run_dir = run_dir();
    spec_.netns = "issu-" + spec_.name;
    spec_.config_dir = spec_.run_dir / "config";
    spec_.card_image = image("card-bookworm");
    spec_.ports.push_back({"p1", {"192.0.2.1/24"}, "", "", "", {}});
    fs::create_directories(spec_.config_dir);
    std::ofstream(spec_.config_dir / "zebra.conf") << "hostname lab\nallow-external-route-update\n";
    std::ofstream(spec_.config_dir / "bgpd.conf") << bgpd_conf;
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
    std::snprintf(text, sizeof text, bird_conf, run_dir().c_str());
    std::ofstream(run_dir() / "bird.conf") << text;
    outside({"bird", "-c", (run_dir() / "bird.conf").string(), "-s",
             (run_dir() / "bird.ctl").string(), "-P", (run_dir() / "bird.pid").string()});
  }
  ~Lab() {
    (void)outside({"birdc", "-s", (run_dir() / "bird.ctl").string(), "down"});
    auto rp = make();
    for (const Slot slot : {Slot::a, Slot::b}) {
      CHECK(rp->power_off(slot).has_value());
    }
    for (const Slot slot : {Slot::a, Slot::b}) {
      CHECK(rp->unstage(slot).has_value());
    }
    CHECK(NetNs::remove(spec_.npu_netns()).has_value());
  }
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  [[nodiscard]] std::unique_ptr<RouteProcessor> make() const {
    return std::move(*make_card(spec_));
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
  [[nodiscard]] std::string bird(const std::string& words) const {
    return outside({"birdc", "-s", (run_dir() / "bird.ctl").string(), words});
  }
  [[nodiscard]] bool established() const {
    return bird("show protocols card").find("Established") != std::string::npos;
  }
  /// How often BIRD has seen it come up or go.
  [[nodiscard]] std::string changes() const {
    const std::string log = read_file(run_dir() / "bird.log").value_or("");
    std::size_t count = 0;
    for (auto at = log.find("State changed"); at != std::string::npos;
         at = log.find("State changed", at + 1)) {
      ++count;
    }
    return std::to_string(count);
  }

 private:
  RouterSpec spec_;
};

bool has_prefixes(RouteProcessor& rp, Slot slot, std::uint64_t count) {
  return wait_until(
      [&] {
        const auto view = rp.control_plane(slot);
        return view && view->sessions.size() == 1 && view->sessions[0].established &&
               view->sessions[0].prefixes == count;
      },
      Deadline::in(std::chrono::seconds(40)), std::chrono::milliseconds(200));
}

/// Saves what runs in `from`, goes on in `into`, and prints where the time went.
void change_kernel(RouteProcessor& rp, Slot from, Slot into) {
  CARD_OK(rp.prepare_save(from));
  const auto saved = rp.save(from, Afterwards::gone);
  if (!saved) {
    FAIL(saved.error().message());
  }
  const auto between = rp.status(from);
  CARD_OK(between);
  CHECK(between->power == SlotPower::staged);
  CHECK(between->saved);
  const auto restored = rp.restore(from, into, Sessions::keep);
  if (!restored) {
    FAIL(restored.error().message());
  }
  std::printf(
      "dark %.2f s, of it: held back and written down %.2f, frozen %.2f, saved %.2f (%llu "
      "bytes), until the daemons ran %.2f, given back %.2f\n",
      to_s(restored->dark_until - saved->dark_from), saved->condition_ms / 1e3,
      saved->freeze_ms / 1e3, saved->dump_ms / 1e3, static_cast<unsigned long long>(saved->bytes),
      restored->restore_ms / 1e3, restored->condition_ms / 1e3);
  std::printf("  %s\n", read_file(run_dir() / "card" / "restored.json").value_or("").c_str());
}

std::string missing() {
  for (const char* name : {"card-bookworm", "card-kernel-6.1-old", "card-kernel-6.12"}) {
    if (!fs::exists(image(name))) {
      return image(name).string() + " is not there: scenarios/images/build";
    }
  }
  return {};
}

}  // namespace

TEST_CASE("a card changes its kernel and back, its sessions stay Established") {
  if (!missing().empty()) {
    ISSU_SKIP(missing());
  }
  const Lab lab;
  auto rp = lab.make();
  CARD_OK(rp->check());
  CARD_OK(rp->stage(Slot::a, {image("card-kernel-6.1-old"), "6.1"}));
  CARD_OK(rp->boot(Slot::a));
  CARD_OK(rp->activate(Slot::a));
  REQUIRE(wait_until([&] { return lab.established(); }, Deadline::in(std::chrono::seconds(60)),
                     std::chrono::milliseconds(200)));
  REQUIRE(has_prefixes(*rp, Slot::a, 2));
  const std::string changes = lab.changes();

  CHECK_FALSE(rp->check_same(Slot::a, image("card-bookworm")).has_value());
  CARD_OK(rp->check_same(Slot::a, image("card-kernel-6.12")));
  CARD_OK(rp->stage(Slot::b, {image("card-kernel-6.12"), "6.12"}));
  CARD_OK(rp->check_save(Slot::a));
  CHECK_FALSE(rp->boot(Slot::b).has_value());  // one kernel at a time
  change_kernel(*rp, Slot::a, Slot::b);
  CHECK(lab.changes() == changes);
  CHECK(rp->status(Slot::b)->power == SlotPower::active);
  CHECK(rp->status(Slot::a)->power == SlotPower::staged);
  // Both ways: a route that is told now comes in.
  (void)lab.bird("enable more");
  CHECK(has_prefixes(*rp, Slot::b, 3));

  // Another object: as after a restart of the coordinator.
  rp = lab.make();
  change_kernel(*rp, Slot::b, Slot::a);
  CHECK(lab.changes() == changes);
  (void)lab.bird("disable more");
  CHECK(has_prefixes(*rp, Slot::a, 2));
  CHECK(lab.established());

  // Beside it, what it costs to start the card anew.
  const MonoNs off = mono_now();
  CARD_OK(rp->power_off(Slot::a));
  CARD_OK(rp->boot(Slot::a));
  const MonoNs booted = mono_now();
  CARD_OK(rp->activate(Slot::a));
  REQUIRE(has_prefixes(*rp, Slot::a, 2));
  std::printf("started anew: dark %.2f s, of it until the card was up %.2f\n",
              to_s(mono_now() - off), to_s(booted - off));
  CHECK(lab.changes() != changes);

  CARD_OK(rp->forget_saved(Slot::a));
  CARD_OK(rp->forget_saved(Slot::b));
  CHECK_FALSE(rp->status(Slot::b)->saved);
}

TEST_CASE("a kernel that does not come up: the daemons go on under the old one, sessions and all") {
  if (!missing().empty()) {
    ISSU_SKIP(missing());
  }
  const Lab lab;
  const tests::TempDir dir;
  const auto broken = dir.path() / "broken.squashfs";
  CARD_OK(run_checked({"unsquashfs", "-q", "-n", "-d", (dir.path() / "kernel").string(),
                       image("card-kernel-6.1-old").string(), "vmlinuz"}));
  std::ofstream(dir.path() / "kernel" / "initrd") << "nothing that a kernel could start\n";
  CARD_OK(run_checked(
      {"mksquashfs", (dir.path() / "kernel").string(), broken.string(), "-quiet", "-no-progress"}));
  auto rp = lab.make();
  CARD_OK(rp->stage(Slot::a, {image("card-kernel-6.1-old"), "6.1"}));
  CARD_OK(rp->boot(Slot::a));
  CARD_OK(rp->activate(Slot::a));
  REQUIRE(has_prefixes(*rp, Slot::a, 2));
  const std::string changes = lab.changes();
  CARD_OK(rp->stage(Slot::b, {broken, "broken"}));
  CARD_OK(rp->prepare_save(Slot::a));
  CARD_OK(rp->save(Slot::a, Afterwards::gone));
  const auto failed = rp->restore(Slot::a, Slot::b, Sessions::keep);
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().message().find("went down") != std::string::npos);
  CHECK(rp->status(Slot::a)->saved);
  CHECK_FALSE(rp->status(Slot::b)->saved);
  const auto back = rp->restore(Slot::a, Slot::a, Sessions::keep);
  if (!back) {
    FAIL(back.error().message());
  }
  CHECK(lab.changes() == changes);
  (void)lab.bird("enable more");
  CHECK(has_prefixes(*rp, Slot::a, 3));
  CHECK(lab.changes() == changes);
}
