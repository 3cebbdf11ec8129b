#pragma once

#include "tests/backends/rp_contract.hpp"

namespace issu::testing {

inline void rp_brings_up(backends::RouteProcessor& rp, backends::Slot slot,
                         const backends::StagedPayload& payload) {
  RP_OK(rp.stage(slot, payload));
  RP_OK(rp.boot(slot));
  RP_OK(rp.activate(slot));
}

inline void rp_takes_down(const RpContract& contract) {
  auto rp = contract.make();
  for (const auto slot : {backends::Slot::a, backends::Slot::b}) {
    RP_OK(rp->power_off(slot));
    RP_OK(rp->unstage(slot));
  }
  rp_left_nothing(contract);
}

/// The daemons of a slot run as the same processes of the same container would: they answer, and
/// none was started anew.
inline void rp_goes_on(const RpContract& contract, backends::Slot slot) {
  auto rp = contract.make();
  CHECK(power_of(*rp, slot) == backends::SlotPower::active);
  const auto view = rp->control_plane(slot);
  REQUIRE(view.has_value());
  CHECK(view->answering);
  CHECK(view->version == contract.version);
  const auto status = rp->status(slot);
  REQUIRE(status.has_value());
  CHECK_FALSE(status->daemons.empty());
  for (const auto& daemon : status->daemons) {
    CHECK_MESSAGE(daemon.running, daemon.name);
    CHECK_MESSAGE(daemon.exits == 0, daemon.name);
  }
}

/// Nothing to save and nothing saved: told, not done.
inline void rp_refuses_to_save_nothing(const RpContract& contract) {
  using namespace backends;
  auto rp = contract.make();
  CHECK_FALSE(rp->check_save(Slot::a).has_value());
  CHECK_FALSE(rp->prepare_save(Slot::a).has_value());
  CHECK_FALSE(rp->save(Slot::a, Afterwards::gone).has_value());
  CHECK_FALSE(rp->restore(Slot::a, Slot::a, Sessions::keep).has_value());
  RP_OK(rp->forget_saved(Slot::a));
  RP_OK(rp->stage(Slot::a, contract.payload));
  RP_OK(rp->boot(Slot::a));
  CHECK_FALSE(rp->save(Slot::a, Afterwards::gone).has_value());  // its daemons are held: nothing worth saving
  CHECK(power_of(*rp, Slot::a) == SlotPower::booted);
  rp_takes_down(contract);
}

/// Saved and restored in its own slot, each verb twice and by a new object.
inline void rp_saves_in_place(const RpContract& contract) {
  using namespace backends;
  rp_brings_up(*contract.make(), Slot::a, contract.payload);
  const auto estimate = contract.make()->check_save(Slot::a);
  RP_OK(estimate);
  CHECK(estimate->bytes > 0);
  RP_OK(contract.make()->check_same(Slot::a, contract.payload.file));
  const auto other = contract.make()->check_same(Slot::a, contract.other_payload.file);
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().message().find("in the new image") != std::string::npos);
  for (const Sessions sessions : {Sessions::keep, Sessions::drop}) {
    for (int time = 0; time < 2; ++time) {
      RP_OK(contract.make()->prepare_save(Slot::a));
    }
    const auto before = daemons_of(*contract.make(), Slot::a);
    const auto saved = contract.make()->save(Slot::a, Afterwards::gone);
    RP_OK(saved);
    CHECK(saved->bytes > 0);
    CHECK(saved->dark_from > 0);
    CHECK_FALSE(any_alive(before));
    const auto status = contract.make()->status(Slot::a);
    REQUIRE(status.has_value());
    CHECK(status->power == SlotPower::staged);
    CHECK(status->saved);
    const auto again = contract.make()->save(Slot::a, Afterwards::gone);
    RP_OK(again);
    CHECK(again->bytes == saved->bytes);
    CHECK(again->dark_from == saved->dark_from);

    RP_OK(contract.make()->restore(Slot::a, Slot::a, sessions));
    const auto after = daemons_of(*contract.make(), Slot::a);
    CHECK(after.size() == before.size());
    rp_goes_on(contract, Slot::a);
    RP_OK(contract.make()->restore(Slot::a, Slot::a, sessions));
    const auto later = daemons_of(*contract.make(), Slot::a);
    REQUIRE(later.size() == after.size());
    CHECK(later.front().pid == after.front().pid);
    for (int time = 0; time < 2; ++time) {
      RP_OK(contract.make()->forget_saved(Slot::a));
    }
    rp_goes_on(contract, Slot::a);
  }
  rp_takes_down(contract);
}

/// Moved to the other slot and back.
inline void rp_moves(const RpContract& contract) {
  using namespace backends;
  auto rp = contract.make();
  rp_brings_up(*rp, Slot::a, contract.payload);
  RP_OK(rp->stage(Slot::b, contract.payload));
  RP_OK(rp->save(Slot::a, Afterwards::gone));
  CHECK_FALSE(rp->status(Slot::b)->saved);
  RP_OK(rp->restore(Slot::a, Slot::b, Sessions::keep));
  rp_goes_on(contract, Slot::b);
  CHECK(power_of(*rp, Slot::a) == SlotPower::staged);
  // What went on in the other slot goes back as it is by then, though an older state is here too.
  RP_OK(rp->save(Slot::b, Afterwards::gone));
  RP_OK(rp->restore(Slot::b, Slot::a, Sessions::keep));
  rp_goes_on(contract, Slot::a);
  CHECK(power_of(*rp, Slot::b) == SlotPower::staged);
  // A state of a slot that runs again is not one to go back to.
  CHECK_FALSE(rp->status(Slot::a)->saved);
  rp_takes_down(contract);
}

inline void check_rp_saved_contract(const RpContract& contract) {
  SUBCASE("nothing to save, nothing saved") {
    rp_refuses_to_save_nothing(contract);
  }
  SUBCASE("saved and restored in place") {
    rp_saves_in_place(contract);
  }
  SUBCASE("moved to the other slot and back") {
    rp_moves(contract);
  }
}

}  // namespace issu::testing
