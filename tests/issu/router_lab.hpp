#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "issu/base/file.hpp"
#include "issu/coordinator.hpp"
#include "issu/decide.hpp"
#include "issu/history.hpp"
#include "issu/report/ledger/account.hpp"
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

  backends::Slot from = backends::Slot::a;
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
      REQUIRE(store.ask(request));
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

  /// What does not hold after an end and must, whatever happened on the way; a line each.
  /// `documents`: in the history, one for each time that the upgrade ended.
  [[nodiscard]] std::vector<std::string> wrong_at_the_end(Outcome outcome,
                                                          std::size_t documents = 1) {
    std::vector<std::string> wrong;
    const auto expect = [&](bool holds, const char* what) {
      if (!holds) {
        wrong.emplace_back(what);
      }
    };
    const bool there = outcome == Outcome::committed;
    const backends::Slot runs = there ? other(from) : from;
    const auto active = *store.active();
    expect(active->slot == runs, "the active slot is the one that the outcome says");
    expect(rp.power(runs) == backends::SlotPower::active, "the active slot runs");
    expect(!rp.paused(runs), "the active slot does not stand still");
    expect(rp.power(other(runs)) == backends::SlotPower::empty, "the other slot is empty");
    expect(!rp.two_active, "at no time two sides were active");
    expect(npu.ports() == runs, "the ports are the active slot's");
    expect(!rp.holds_back(), "no packets of sessions are held back");
    expect(!rp.has_state(backends::Slot::a) && !rp.has_state(backends::Slot::b),
           "no saved state is left");
    expect(!npu.watching(), "nobody watches the NPU's tables any more");
    expect(!npu.keeping(), "the NPU keeps no routes any more");
    expect(world.routes == 1000, "the NPU has all its routes");
    expect(!world.taken_out, "no daemon without sessions took routes out");
    expect(!world.unsafe_sweep, "nothing was swept before the end of sync");
    expect(!std::filesystem::exists(store.slot_dir(other(runs))), "the other slot has no files");
    expect(!std::filesystem::exists(store.next_bundle()), "no bundle is left on its way");
    expect(!std::filesystem::exists(store.request()), "no request is left");
    expect(!is_open(*Journal::read(store.journal())), "the journal is closed");
    expect(read_history(store.history())->size() == documents, "the history has each end once");
    expect(document()["outcome"] == name_of(outcome), "the document has the outcome");
    const auto debited = ledger::Ledger::open_to_read(store.ledger());
    const auto entries = debited ? debited->entries("edge1") : std::vector<ledger::Entry>();
    expect(entries && is_the_one(*entries, outcome), "the SLA ledger has the upgrade once");
    const auto known = ledger::look_at({store.ledger(), store.history(), "edge1"});
    expect(known.whole && is_the_one(known.entries, outcome), "the upgrade is accounted for once");
    return wrong;
  }

  [[nodiscard]] static bool is_the_one(const std::vector<ledger::Entry>& entries, Outcome outcome) {
    return entries.size() == 1 && entries.front().outcome == name_of(outcome);
  }

  void check_ended(Outcome outcome) {
    for (const std::string& wrong : wrong_at_the_end(outcome)) {
      FAIL_CHECK("does not hold: " << wrong);
    }
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
