#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "backends/npu.hpp"
#include "backends/rp.hpp"

namespace issu::tests {

/// What the two fakes share: the world in which routes and sessions are.
struct FakeWorld {
  std::vector<std::string> calls;  ///< every verb, in order
  /// Called before each verb acts; an error is what the verb answers.
  std::function<Result<void>(const std::string& verb)> fault;
  std::uint64_t routes = 1000;
  /// Of the routes, those that a side says itself when it is activated.
  std::map<backends::Slot, std::uint64_t> says{{backends::Slot::a, 1000},
                                               {backends::Slot::b, 1000}};
  std::map<backends::Slot, bool> establishes{{backends::Slot::a, true}, {backends::Slot::b, true}};
  std::map<backends::Slot, std::string> configuration;  ///< that a side says it runs
  std::uint64_t refreshed = 0;
  std::uint64_t says_when_asked_again = 0;  ///< routes; 0: no more than before
  int asked = 0;                            ///< for its routes
  bool size_can_fail = false;
  std::vector<std::string> kinds{"rootfs"};  ///< of images that the backend takes
  std::string kernel;           ///< of a slot with its payload alone; empty: it has none of its own
  std::string staged_kernel;    ///< of a slot that was staged with a kernel beside its payload
  bool saves = true;            ///< the backend knows saved states
  bool migrates = true;         ///< what runs can move into the other slot
  bool stands_by = true;        ///< the slots of the backend can run side by side
  bool same_programs = true;    ///< in the running image and the new one
  double hold_time_s = 90;      ///< of the session
  bool changes_missed = false;  ///< the watch over the tables was interrupted

  Result<void> enter(const std::string& verb) {
    calls.push_back(verb);
    return fault ? fault(verb) : Result<void>{};
  }
};

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
    ISSU_TRY(world_.enter((run_on ? "save_running " : "save ") + std::string(name_of(slot))),
             "fake");
    if (run_on && power_[slot] == backends::SlotPower::active) {
      saved_[slot] = true;
    } else if (power_[slot] == backends::SlotPower::active) {
      power_[slot] = backends::SlotPower::staged;
      saved_[slot] = holds_back_ = true;
    } else if (!saved_[slot]) {
      return fail("nothing runs and nothing is saved");
    }
    return backends::SaveReport{mono_now(), 1, 2, 3, 100U << 20U};
  }
  Result<backends::RestoreReport> restore(backends::Slot saved_from, backends::Slot into,
                                          backends::Sessions sessions) override {
    ISSU_TRY(world_.enter("restore " + std::string(name_of(saved_from)) + " " + name_of(into)),
             "fake");
    if (power_[into] != backends::SlotPower::active) {
      if (!saved_[saved_from] || power_[into] < backends::SlotPower::staged) {
        return fail("nothing to restore, or nowhere");
      }
      two_active = two_active || power_[other(into)] == backends::SlotPower::active;
      power_[into] = backends::SlotPower::active;
      world_.refreshed = world_.says[into];
      sessions_dropped = sessions_dropped || sessions == backends::Sessions::drop;
    }
    holds_back_ = false;
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
    return backends::SlotStatus{power_[slot], {}, saved_[slot], paused_[slot], kernel_of(slot)};
  }
  Result<std::optional<std::string>> running_config(backends::Slot slot) override {
    const auto said = world_.configuration.find(slot);
    return said == world_.configuration.end() ? std::optional<std::string>()
                                              : std::optional(said->second);
  }
  Result<backends::ControlPlaneView> control_plane(backends::Slot slot) override {
    backends::ControlPlaneView view;
    view.answering = power_[slot] >= backends::SlotPower::warm && !paused_[slot];
    view.version = version_[slot];
    backends::SessionView session;
    session.peer = "192.0.2.2";
    session.established =
        view.answering && power_[slot] == backends::SlotPower::active && world_.establishes[slot];
    session.state = session.established ? "Established" : "Active";
    session.graceful_restart = true;
    session.hold_time_s = world_.hold_time_s;
    session.end_of_rib = session.established;
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
    ISSU_TRY(world_.enter("migrate " + std::string(name_of(from)) + " " + name_of(to)), "fake");
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
    report.total_ms = 1500;
    report.setup_ms = 2;
    report.downtime_ms = 30;
    report.bytes = 100U << 20U;
    report.iterations = 3;
    return report;
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
    ISSU_TRY(world_.enter(verb + " " + name_of(slot)), "fake");
    change();
    return {};
  }

  FakeWorld& world_;
  std::map<backends::Slot, backends::SlotPower> power_;
  std::map<backends::Slot, std::string> version_;
  std::map<backends::Slot, bool> saved_;
  std::map<backends::Slot, bool> paused_;
  bool holds_back_ = false;
};

/// An NPU in memory, behind the real port.
class FakeNpu : public backends::Npu {
 public:
  explicit FakeNpu(FakeWorld& world) : world_(world) {}

  [[nodiscard]] std::string driver() const override { return "fake"; }
  Result<void> check() override { return {}; }
  Result<void> up() override { return world_.enter("npu up"); }
  Result<void> down() override { return world_.enter("npu down"); }
  Result<backends::TableSize> size() override {
    // Not among the calls: it is asked all the time, and changes nothing.
    ISSU_TRY(world_.fault && world_.size_can_fail ? world_.fault("size") : Result<void>{}, "");
    return backends::TableSize{world_.routes, 0};
  }
  Result<void> punt_to(std::uint64_t epoch, backends::Slot slot) override {
    ISSU_TRY(world_.enter("punt_to " + std::string(name_of(slot))), "fake");
    if (epoch < state_.epoch) {
      return fail("epoch " + std::to_string(epoch) + " is over");
    }
    ports_ = slot;
    return {};
  }
  Result<void> watch() override {
    watching_ = true;
    return world_.enter("watch");
  }
  Result<void> hold(std::uint64_t epoch) override {
    ISSU_TRY(world_.enter("hold"), "fake");
    if (epoch < state_.epoch) {
      return fail("epoch " + std::to_string(epoch) + " is over");
    }
    if (epoch > state_.epoch) {
      state_ = {};
      keeping_ = false;
      state_.epoch = epoch;
      state_.holding = true;
      state_.held = world_.routes;
      world_.refreshed = 0;
    }
    return {};
  }
  Result<void> keep(std::uint64_t epoch) override {
    ISSU_TRY(world_.enter("keep"), "fake");
    if (epoch != state_.epoch || !state_.holding) {
      return fail("not the epoch");
    }
    keeping_ = true;
    return {};
  }
  Result<void> refresh(std::uint64_t /*epoch*/,
                       const std::vector<state_sync::Prefix>& /*routes*/) override {
    return {};
  }
  Result<backends::SyncState> sync_state() override {
    state_.complete = watching_ && !world_.changes_missed;
    state_.refreshed = std::min(world_.refreshed, state_.held);
    state_.stale = state_.held - state_.refreshed - state_.swept;
    state_.quiet_s = 60;
    return state_;
  }
  Result<backends::SyncState> sweep(std::uint64_t epoch) override {
    ISSU_TRY(world_.enter("sweep"), "fake");
    if (epoch != state_.epoch) {
      return fail("epoch " + std::to_string(epoch) + " is over");
    }
    auto state = sync_state();
    keeping_ = false;
    state_.swept += state->stale;
    world_.routes -= state->stale;
    return sync_state();
  }
  Result<backends::SyncState> release() override {
    ISSU_TRY(world_.enter("release"), "fake");
    auto state = sync_state();
    watching_ = keeping_ = false;
    state_.holding = false;
    return state;
  }

  [[nodiscard]] bool watching() const { return watching_; }
  [[nodiscard]] bool keeping() const { return keeping_; }
  [[nodiscard]] backends::Slot ports() const { return ports_; }

 private:
  backends::Slot ports_ = backends::Slot::a;
  FakeWorld& world_;
  backends::SyncState state_;
  bool watching_ = false;
  bool keeping_ = false;
};

}  // namespace issu::tests
