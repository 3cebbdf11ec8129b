#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "issu/base/file.hpp"
#include "issu/coordinator.hpp"
#include "issu/decide.hpp"
#include "issu/history.hpp"
#include "issu/report/ledger/ledger.hpp"
#include "tests/image/signed_bundle.hpp"
#include "tests/issu/fake_ports.hpp"
#include "tests/issu/small_disk.hpp"
#include "tests/temp_dir.hpp"

namespace issu::tests {

/// Stands for SIGKILL: nothing of the coordinator's own handling runs.
struct Killed {};

inline const SignedBundle& bundle() {
  static const SignedBundle made("issu-test", "10.3");
  return made;
}

/// A router on fakes of the two ports with a real state folder and a real image.
struct Lab {
  TempDir dir;
  std::optional<SmallDisk> disk;
  FakeWorld world;
  FakeRp rp{world};
  FakeNpu npu{world};
  config::RouterConfig config;
  SlotStore store{dir / "state"};

  explicit Lab(bool small_disk = false) {
    if (small_disk) {
      disk.emplace(dir / "state");
    }
    config.file = dir / "router.toml";
    config.router.name = "edge1";
    config.router.state_dir = dir / "state";
    config.router.run_dir = dir / "run";
    config.compatible = "issu-test";
    config.keyring = bundle().keyring();
    config.timers.converge_s = 0.3;
    REQUIRE(make_dirs(store.slot_dir(backends::Slot::a)));
    REQUIRE(store.set_image(backends::Slot::a, {"8.4.4", "issu-test", "rootfs", ""}));
    REQUIRE(store.set_active({backends::Slot::a, 4}));
    REQUIRE(rp.stage(backends::Slot::a, {"", "8.4.4"}));
    REQUIRE(rp.boot(backends::Slot::a));
    REQUIRE(rp.activate(backends::Slot::a));
    world.calls.clear();
  }

  std::string strategy = "restart";
  std::string way_back = "cold";

  void open(const std::string& request = "accept") {
    UpgradeOptions options;
    options.id = new_upgrade_id();
    options.image = bundle().file();
    options.strategy = strategy;
    options.way_back = way_back;
    options.soak_s = 0.01;
    REQUIRE(open_upgrade(store, options));
    if (!request.empty()) {
      REQUIRE(ask(store, request));
    }
  }

  Result<Outcome> run(const Listener& listener = {}) {
    return run_upgrade({config, rp, npu, store}, listener);
  }

  nlohmann::ordered_json document() {
    return *find_document(*read_history(store.history()), "last");
  }

  [[nodiscard]] bool called(const std::string& verb) const {
    return std::find(world.calls.begin(), world.calls.end(), verb) != world.calls.end();
  }

  /// What must hold after every end, whatever happened on the way.
  void check_ended(Outcome outcome) {
    const auto active = *store.active();
    const backends::Slot runs =
        outcome == Outcome::committed ? backends::Slot::b : backends::Slot::a;
    CHECK(active->slot == runs);
    CHECK(rp.power(runs) == backends::SlotPower::active);
    CHECK(rp.power(other(runs)) == backends::SlotPower::empty);
    CHECK_FALSE(rp.two_active);
    CHECK_FALSE(rp.paused(runs));
    CHECK(npu.ports() == runs);
    CHECK_FALSE(rp.holds_back());
    for (const backends::Slot slot : {backends::Slot::a, backends::Slot::b}) {
      CHECK_FALSE(rp.has_state(slot));
    }
    CHECK_FALSE(npu.watching());
    CHECK_FALSE(npu.keeping());
    CHECK(world.routes == 1000);
    CHECK_FALSE(std::filesystem::exists(store.slot_dir(other(runs))));
    CHECK_FALSE(std::filesystem::exists(store.next_bundle()));
    CHECK_FALSE(std::filesystem::exists(store.request()));
    CHECK_FALSE(is_open(*Journal::read(store.journal())));
    CHECK(read_history(store.history())->size() == 1);
    CHECK(document()["outcome"] == name_of(outcome));
    const auto debited = ledger::Ledger::open_to_read(store.ledger());
    REQUIRE(debited);
    CHECK(debited->entries("edge1")->size() == 1);
  }
};

/// Runs with a coordinator that is killed at the n-th moment, then resumes it. Gives back whether
/// there was an n-th moment.
template <typename Arm>
bool killed_and_resumed(Lab& lab, Arm arm) {
  Listener listener;
  bool killed = false;
  arm(listener, killed);
  try {
    const auto outcome = lab.run(listener);
    REQUIRE(outcome.has_value());
  } catch (const Killed&) {
    killed = true;
  }
  lab.world.fault = nullptr;
  if (killed) {
    REQUIRE(lab.run());
  }
  return killed;
}

}  // namespace issu::tests
