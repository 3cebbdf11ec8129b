#pragma once

#include <algorithm>
#include <map>
#include <string>

#include "backends/rp.hpp"
#include "tests/issu/fake_world.hpp"

namespace issu::tests {

/// A route processor in memory, behind the real port.
class FakeRp : public backends::RouteProcessor {
 public:
  explicit FakeRp(FakeWorld& world) : world_(world) {}

  [[nodiscard]] std::string backend() const override { return "fake"; }
  [[nodiscard]] std::vector<std::string> kinds() const override { return world_.kinds; }
  Result<void> check() override { return world_.enter("check"); }
  Result<void> stage(backends::Slot slot, const backends::StagedPayload& payload) override {
    return step("stage", slot, [&] {
      power_[slot] = std::max(power_[slot], backends::SlotPower::staged);
      version_[slot] = payload.version;
      staged[slot] = payload;
    });
  }
  Result<void> boot(backends::Slot slot) override {
    return step("boot", slot,
                [&] { power_[slot] = std::max(power_[slot], backends::SlotPower::booted); });
  }
  Result<void> activate(backends::Slot slot) override {
    if (power_[slot] < backends::SlotPower::booted) {
      return fail("slot " + std::string(name_of(slot)) + " is not booted");
    }
    if (paused_[slot]) {
      return fail("slot " + std::string(name_of(slot)) + " is paused");
    }
    if (power_[other(slot)] == backends::SlotPower::active && !paused_[other(slot)]) {
      two_active = true;
    }
    return step("activate", slot, [&] {
      power_[slot] = backends::SlotPower::active;
      world_.refreshed = world_.says[slot];
    });
  }
  Result<void> fence(backends::Slot slot) override {
    return step("fence", slot, [&] {
      power_[slot] = std::min(power_[slot], backends::SlotPower::booted);
      paused_[slot] = false;
    });
  }
  Result<void> power_off(backends::Slot slot) override {
    return step("power_off", slot, [&] {
      power_[slot] = std::min(power_[slot], backends::SlotPower::staged);
      paused_[slot] = false;
    });
  }
  Result<void> check_standby() override {
    return world_.stands_by ? Result<void>{} : cannot_stand_by();
  }
  Result<void> warm(backends::Slot slot) override {
    if (power_[slot] < backends::SlotPower::booted) {
      return fail("slot " + std::string(name_of(slot)) + " is not booted");
    }
    return step("warm", slot,
                [&] { power_[slot] = std::max(power_[slot], backends::SlotPower::warm); });
  }
  Result<void> pause(backends::Slot slot) override {
    if (power_[slot] != backends::SlotPower::active) {
      return fail("slot " + std::string(name_of(slot)) + " is not active");
    }
    return step("pause", slot, [&] { paused_[slot] = true; });
  }
  Result<void> resume(backends::Slot slot) override {
    if (power_[slot] != backends::SlotPower::active) {
      return fail("slot " + std::string(name_of(slot)) + " is not active");
    }
    return step("resume", slot, [&] {
      two_active = two_active ||
                   (power_[other(slot)] == backends::SlotPower::active && !paused_[other(slot)]);
      paused_[slot] = false;
      world_.refreshed = world_.says[slot];
    });
  }
  Result<void> unstage(backends::Slot slot) override {
    return step("unstage", slot, [&] {
      power_[slot] = backends::SlotPower::empty;
      saved_[slot] = false;
    });
  }
  Result<backends::SaveEstimate> check_save(backends::Slot /*slot*/) override {
    if (!world_.saves) {
      return cannot_save();
    }
    return backends::SaveEstimate{100U << 20U};
  }
  Result<void> check_same(backends::Slot /*slot*/, const std::filesystem::path& payload) override {
    payload_was_there = std::filesystem::exists(payload);
    return world_.same_programs ? Result<void>{} : fail("/usr/lib/frr/bgpd differs");
  }
  Result<void> prepare_save(backends::Slot slot) override {
    return step("prepare_save", slot, [&] { saved_[slot] = false; });
  }
  Result<backends::SaveReport> save(backends::Slot slot, backends::Afterwards afterwards) override {
    const bool run_on = afterwards == backends::Afterwards::runs;
    const std::string called = (run_on ? "save_running " : "save ") + std::string(name_of(slot));
    ISSU_TRY(world_.enter(called), "fake");
    if (run_on && power_[slot] == backends::SlotPower::active) {
      saved_[slot] = true;
    } else if (power_[slot] == backends::SlotPower::active) {
      power_[slot] = backends::SlotPower::staged;
      saved_[slot] = holds_back_ = true;
    } else if (!saved_[slot]) {
      return fail("nothing runs and nothing is saved");
    }
    ISSU_TRY(world_.leave(called), "fake");
    return backends::SaveReport{mono_now(), 1, 2, 3, 100U << 20U};
  }
  Result<backends::RestoreReport> restore(backends::Slot saved_from, backends::Slot into,
                                          backends::Sessions sessions) override {
    const std::string called = "restore " + std::string(name_of(saved_from)) + " " + name_of(into);
    ISSU_TRY(world_.enter(called), "fake");
    if (power_[into] != backends::SlotPower::active) {
      if (!saved_[saved_from] || power_[into] < backends::SlotPower::staged) {
        return fail("nothing to restore, or nowhere");
      }
      two_active = two_active || power_[other(into)] == backends::SlotPower::active;
      power_[into] = backends::SlotPower::active;
      world_.refreshed = world_.says[into];
      if (sessions == backends::Sessions::drop) {
        sessions_dropped = true;
        world_.taken_out = world_.taken_out || !world_.keeping;
      }
    }
    holds_back_ = false;
    ISSU_TRY(world_.leave(called), "fake");
    return backends::RestoreReport{4, 5, mono_now()};
  }
  Result<void> forget_saved(backends::Slot slot) override {
    return step("forget_saved", slot, [&] { saved_[slot] = holds_back_ = false; });
  }
  Result<std::filesystem::path> export_saved(backends::Slot slot) override {
    ISSU_TRY(world_.enter("export_saved " + std::string(name_of(slot))), "fake");
    if (!saved_[slot] || power_[slot] == backends::SlotPower::active) {
      return fail("nothing is saved, or it runs again");
    }
    return std::filesystem::path("/fake/saved");
  }
  Result<std::filesystem::path> room_for_saved(backends::Slot slot,
                                               std::uint64_t /*bytes*/) override {
    ISSU_TRY(world_.enter("room_for_saved " + std::string(name_of(slot))), "fake");
    return std::filesystem::path("/fake/arrival");
  }
  Result<void> import_saved(backends::Slot slot) override {
    return step("import_saved", slot, [&] { saved_[slot] = true; });
  }
  Result<backends::SlotStatus> status(backends::Slot slot) override {
    ISSU_TRY(world_.question("status " + std::string(name_of(slot))), "fake");
    const auto daemons = power_[slot] == backends::SlotPower::active
                             ? world_.daemons[slot]
                             : std::vector<backends::DaemonStatus>();
    return backends::SlotStatus{power_[slot], daemons, saved_[slot], paused_[slot],
                                kernel_of(slot)};
  }
  Result<std::optional<std::string>> running_config(backends::Slot slot) override {
    ISSU_TRY(world_.question("running_config " + std::string(name_of(slot))), "fake");
    const auto said = world_.configuration.find(slot);
    return said == world_.configuration.end() ? std::optional<std::string>()
                                              : std::optional(said->second);
  }
  Result<backends::ControlPlaneView> control_plane(backends::Slot slot) override {
    ISSU_TRY(world_.question("control_plane " + std::string(name_of(slot))), "fake");
    backends::ControlPlaneView view;
    view.answering = world_.answers && power_[slot] >= backends::SlotPower::warm && !paused_[slot];
    view.version = version_[slot];
    backends::SessionView session;
    session.peer = "192.0.2.2";
    session.established =
        view.answering && power_[slot] == backends::SlotPower::active && world_.establishes[slot];
    session.state = session.established ? "Established" : "Active";
    session.graceful_restart = true;
    session.hold_time_s = world_.hold_time_s;
    session.end_of_rib = session.established;
    world_.seen_established = session.established;
    view.sessions.push_back(session);
    return view;
  }
  Result<std::optional<std::vector<state_sync::Prefix>>> routes(backends::Slot /*slot*/) override {
    if (++world_.asked == 2 && world_.says_when_asked_again != 0) {
      world_.refreshed = world_.says_when_asked_again;
    }
    return std::optional<std::vector<state_sync::Prefix>>();
  }

  Result<backends::MigrateCheck> check_migrate(backends::Slot /*from*/,
                                               backends::Slot /*to*/) override {
    if (!world_.migrates) {
      return cannot_migrate();
    }
    return backends::MigrateCheck{"old libvirt", "new libvirt", 512U << 20U};
  }
  Result<backends::MigrateReport> migrate(backends::Slot from, backends::Slot to,
                                          const backends::MigrateLimits& /*limits*/,
                                          const std::function<bool()>& give_up) override {
    const std::string called = "migrate " + std::string(name_of(from)) + " " + name_of(to);
    ISSU_TRY(world_.enter(called), "fake");
    backends::MigrateReport report;
    if (power_[to] != backends::SlotPower::active) {
      if (give_up && give_up()) {
        return fail("abort was asked for");
      }
      if (power_[from] != backends::SlotPower::active || power_[to] < backends::SlotPower::staged) {
        return fail("nothing to migrate, or nowhere");
      }
      power_[from] = backends::SlotPower::staged;
      power_[to] = backends::SlotPower::active;
      world_.refreshed = world_.says[to];
      report.moved = true;
    }
    ISSU_TRY(world_.leave(called), "fake");
    report.total_ms = 1500;
    report.setup_ms = 2;
    report.downtime_ms = 30;
    report.bytes = 100U << 20U;
    report.iterations = 3;
    return report;
  }

  /// Its container or machine is gone from one moment to the next.
  void die(backends::Slot slot) {
    power_[slot] = std::min(power_[slot], backends::SlotPower::staged);
    paused_[slot] = false;
  }

  std::map<backends::Slot, backends::StagedPayload> staged;  ///< the last one of each slot
  [[nodiscard]] backends::SlotPower power(backends::Slot slot) { return power_[slot]; }
  [[nodiscard]] bool paused(backends::Slot slot) { return paused_[slot]; }
  [[nodiscard]] bool has_state(backends::Slot slot) { return saved_[slot]; }
  [[nodiscard]] bool holds_back() const { return holds_back_; }  ///< packets of the sessions
  bool two_active = false;        ///< ever: both sides could write the NPU
  bool sessions_dropped = false;  ///< ever
  bool payload_was_there = false;

 private:
  std::string kernel_of(backends::Slot slot) {
    if (power_[slot] < backends::SlotPower::booted) {
      return {};
    }
    return staged[slot].kernel.empty() ? world_.kernel : world_.staged_kernel;
  }
  template <typename Change>
  Result<void> step(const std::string& verb, backends::Slot slot, Change change) {
    const std::string called = verb + " " + name_of(slot);
    ISSU_TRY(world_.enter(called), "fake");
    change();
    return world_.leave(called);
  }

  FakeWorld& world_;
  std::map<backends::Slot, backends::SlotPower> power_;
  std::map<backends::Slot, std::string> version_;
  std::map<backends::Slot, bool> saved_;
  std::map<backends::Slot, bool> paused_;
  bool holds_back_ = false;
};

}  // namespace issu::tests
