#include "issu/state_trip.hpp"

#include <optional>

namespace issu {
namespace {

using backends::RouteProcessor;
using backends::Slot;
using backends::SlotPower;
using backends::StagedPayload;

Result<void> start_anew(RouteProcessor& rp, Slot slot, const StagedPayload& payload) {
  ISSU_TRY(rp.power_off(slot), "clearing what is left");
  ISSU_TRY(rp.stage(slot, payload), "mounting the image");
  ISSU_TRY(rp.boot(slot), "booting");
  return rp.activate(slot);
}

/// The error of a state that did not go on, and what became of the router.
tl::unexpected<Error> after_fallback(RouteProcessor& rp, Slot slot, const StagedPayload& payload,
                                     Error error) {
  auto anew = start_anew(rp, slot, payload);
  if (!anew) {
    error.also(std::move(anew).error().within("starting the daemons of slot " +
                                              std::string(name_of(slot)) + " anew"));
    return fail(std::move(error).as(ErrorKind::needs_person));
  }
  error.also(Error("the daemons of slot " + std::string(name_of(slot)) +
                       " were started anew: they run, their sessions began again",
                   "`issu router show` says how they are"));
  return fail(std::move(error).as(ErrorKind::failed));
}

bool runs(RouteProcessor& rp, Slot slot) {
  const auto status = rp.status(slot);
  return status && status->power == SlotPower::active;
}

}  // namespace

Result<TakenState> take_state(RouteProcessor& rp, Slot slot, const StagedPayload& payload) {
  const std::string what = "taking the state of slot " + std::string(name_of(slot));
  if (runs(rp, slot)) {
    ISSU_TRY(rp.prepare_save(slot), what);
  }
  auto saved = rp.save(slot, backends::Afterwards::gone);
  if (!saved) {
    if (runs(rp, slot)) {
      return pass(std::move(saved).error(), what);
    }
    return after_fallback(rp, slot, payload, std::move(saved).error().within(what));
  }
  // A state that can't leave the machine is no reason to stay dark: the daemons go on first.
  auto folder = rp.export_saved(slot);
  auto restored = rp.restore(slot, slot, backends::Sessions::keep);
  if (!restored) {
    return after_fallback(rp, slot, payload, std::move(restored).error().within(what));
  }
  if (!folder) {
    return pass(std::move(folder).error(), what);
  }
  return TakenState{*folder, *saved, *restored};
}

Result<backends::RestoreReport> bring_state(RouteProcessor& rp, const Arrival& arrival) {
  const std::string what = "bringing a state into slot " + std::string(name_of(arrival.into));
  const auto folder = rp.room_for_saved(arrival.into, arrival.bytes);
  if (!folder) {
    return pass(folder.error(), what);
  }
  // Until here, and while it is filled, everything goes on as before.
  if (auto filled = arrival.fill(*folder); !filled) {
    Error error = std::move(filled).error();
    if (auto freed = rp.forget_saved(arrival.into); !freed) {
      error.also(std::move(freed).error());
    }
    return pass(std::move(error), what);
  }
  for (const Slot slot : {arrival.into, backends::other(arrival.into)}) {
    ISSU_TRY(rp.power_off(slot), what);
  }
  Result<void> ready = rp.stage(arrival.into, arrival.payload);
  if (ready) {
    ready = rp.import_saved(arrival.into);
  }
  Result<backends::RestoreReport> restored =
      ready ? rp.restore(arrival.into, arrival.into, backends::Sessions::drop)
            : Result<backends::RestoreReport>(fail(std::move(ready).error()));
  if (!restored) {
    return after_fallback(rp, arrival.into, arrival.payload,
                          std::move(restored).error().within(what));
  }
  ISSU_TRY(rp.forget_saved(arrival.into), what);
  return restored;
}

}  // namespace issu
