#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "backends/npu.hpp"
#include "tests/issu/fake_world.hpp"

namespace issu::tests {

/// An NPU in memory, behind the real port.
class FakeNpu : public backends::Npu {
 public:
  explicit FakeNpu(FakeWorld& world) : world_(world) {}

  [[nodiscard]] std::string driver() const override { return "fake"; }
  Result<void> check() override { return {}; }
  Result<void> up() override { return world_.enter("npu up"); }
  Result<void> down() override { return world_.enter("npu down"); }
  Result<backends::TableSize> size() override {
    ISSU_TRY(world_.question("size"), "");
    return backends::TableSize{world_.routes, 0};
  }
  Result<void> punt_to(std::uint64_t epoch, backends::Slot slot) override {
    ISSU_TRY(world_.enter("punt_to " + std::string(name_of(slot))), "fake");
    if (epoch < state_.epoch) {
      return fail("epoch " + std::to_string(epoch) + " is over");
    }
    ports_ = slot;
    return world_.leave("punt_to " + std::string(name_of(slot)));
  }
  Result<void> watch() override {
    watching_ = true;
    ISSU_TRY(world_.enter("watch"), "");
    return world_.leave("watch");
  }
  Result<void> hold(std::uint64_t epoch) override {
    ISSU_TRY(world_.enter("hold"), "fake");
    if (epoch < state_.epoch) {
      return fail("epoch " + std::to_string(epoch) + " is over");
    }
    if (epoch > state_.epoch) {
      state_ = {};
      world_.keeping = false;
      state_.epoch = epoch;
      state_.holding = true;
      state_.held = world_.routes;
      world_.seen_established = false;
      up_at_hold_ = world_.establishes[ports_];
      world_.refreshed = 0;
    }
    return world_.leave("hold");
  }
  Result<void> keep(std::uint64_t epoch) override {
    ISSU_TRY(world_.enter("keep"), "fake");
    if (epoch != state_.epoch || !state_.holding) {
      return fail("not the epoch");
    }
    world_.keeping = true;
    return world_.leave("keep");
  }
  Result<void> refresh(std::uint64_t /*epoch*/,
                       const std::vector<state_sync::Prefix>& /*routes*/) override {
    return {};
  }
  Result<backends::SyncState> sync_state() override {
    ISSU_TRY(world_.question("sync_state"), "");
    return counted();
  }
  backends::SyncState counted() {
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
    const auto state = counted();
    if (!state.complete) {
      return fail("changes were missed: what is stale can't be told");
    }
    world_.unsafe_sweep = world_.unsafe_sweep || !state.complete || !state_.holding ||
                          (up_at_hold_ && !world_.seen_established);
    world_.keeping = false;
    state_.swept += state.stale;
    world_.routes -= state.stale;
    ISSU_TRY(world_.leave("sweep"), "");
    return counted();
  }
  Result<backends::SyncState> release() override {
    ISSU_TRY(world_.enter("release"), "fake");
    const auto state = counted();
    watching_ = world_.keeping = false;
    state_.holding = false;
    ISSU_TRY(world_.leave("release"), "");
    return state;
  }

  [[nodiscard]] bool watching() const { return watching_; }
  [[nodiscard]] bool keeping() const { return world_.keeping; }
  [[nodiscard]] backends::Slot ports() const { return ports_; }

 private:
  backends::Slot ports_ = backends::Slot::a;
  FakeWorld& world_;
  backends::SyncState state_;
  bool watching_ = false;
  bool up_at_hold_ = false;  ///< the session
};

}  // namespace issu::tests
