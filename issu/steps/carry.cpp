#include "issu/base/json.hpp"
#include "issu/guard.hpp"
#include "issu/steps/steps.hpp"
#include "issu/steps/way_back.hpp"

namespace issu::steps {
namespace {

using backends::Sessions;
using backends::SlotPower;

/// The old side, by the best state of it that there is. `dark_until`: when its sessions were let
/// through again; stays as it is where they were not kept.
Result<void> restore_old_side(Context& context, MonoNs& dark_until) {
  ISSU_TRY(context.npu.punt_to(context.epoch_back(), context.from), "giving the ports back");
  auto there = context.rp.status(context.to);
  auto here = context.rp.status(context.from);
  if (!there || !here) {
    return fail(!there ? std::move(there).error() : std::move(here).error());
  }
  Error error("no state of the old side is saved");
  if (there->saved) {
    auto latest = context.rp.restore(context.to, context.from, Sessions::keep);
    if (latest) {
      dark_until = latest->dark_until;
      return {};
    }
    error.also(std::move(latest).error().within("the state that the new side had last"));
  }
  if (here->saved) {
    const bool ran = value_of(undone_facts_of(context.records, Phase::switchover), "ran", false);
    Result<void> earlier;
    if (ran) {
      earlier = restore_without_sessions(context);
    } else if (auto kept = context.rp.restore(context.from, context.from, Sessions::keep); !kept) {
      earlier = fail(std::move(kept).error());
    } else {
      dark_until = kept->dark_until;
    }
    if (earlier) {
      return {};
    }
    error.also(std::move(earlier).error().within("the state that was saved at freeze"));
  }
  context.tell("the old side starts anew: " + error.message());
  ISSU_TRY(context.rp.power_off(context.from), "clearing what was left of the old side");
  ISSU_TRY(context.rp.boot(context.from), "booting the old side");
  return context.rp.activate(context.from);
}

}  // namespace

Result<nlohmann::json> checkpoint_carry(Context& context) {
  ISSU_TRY(context.rp.prepare_save(context.from), "making room for the state of the old side");
  return checkpoint(context);
}

Result<nlohmann::json> undo_checkpoint_carry(Context& context) {
  ISSU_TRY(context.rp.forget_saved(context.to), "freeing the state that was saved");
  ISSU_TRY(context.rp.forget_saved(context.from), "freeing the state that was saved");
  return nlohmann::json::object();
}

Result<nlohmann::json> freeze_carry(Context& context) {
  ISSU_TRY(context.npu.hold(context.epoch_forward()), "holding the NPU's routes");
  auto saved = context.rp.save(context.from, backends::Afterwards::gone);
  if (!saved) {
    return pass(std::move(saved).error(), "saving the old side");
  }
  return nlohmann::json{{"dark_from", saved->dark_from}, {"condition_ms", saved->condition_ms},
                        {"freeze_ms", saved->freeze_ms}, {"dump_ms", saved->dump_ms},
                        {"bytes", saved->bytes},         {"saved", mono_now()}};
}

Result<nlohmann::json> undo_freeze_carry(Context& context) {
  auto status = context.rp.status(context.from);
  if (!status) {
    return pass(std::move(status).error(), "looking at the old side");
  }
  if (status->power == SlotPower::active && !began(context, Phase::switchover)) {
    // It was not saved, or an earlier try of this undo has restored it: the rest of that.
    ISSU_TRY(context.rp.restore(context.from, context.from, Sessions::keep),
             "giving back to the old side what was taken for saving it");
    return nlohmann::json{{"deleted", 0}};
  }
  MonoNs dark_until = 0;
  auto facts = old_side_again(context, [&] { return restore_old_side(context, dark_until); });
  if (facts && dark_until != 0) {
    (*facts)["dark_until"] = dark_until;
  }
  return facts;
}

Result<nlohmann::json> switchover_carry(Context& context) {
  const MonoNs from = mono_now();
  ISSU_TRY(context.npu.punt_to(context.epoch_forward(), context.to), "moving the ports");
  auto restored = context.rp.restore(context.from, context.to, Sessions::keep);
  if (!restored) {
    return pass(std::move(restored).error(), "bringing the daemons back in the other slot");
  }
  nlohmann::json facts{{"from", from},
                       {"restore_ms", restored->restore_ms},
                       {"condition_ms", restored->condition_ms},
                       {"dark_until", restored->dark_until}};
  if (!restored->first_try.empty()) {
    facts["first_try"] = restored->first_try;
  }
  return facts;
}

Result<nlohmann::json> undo_switchover_carry(Context& context) {
  auto status = context.rp.status(context.to);
  if (!status) {
    return pass(std::move(status).error(), "looking at the new side");
  }
  bool ran = !facts_of(context.records, Phase::switchover).empty() || status->saved;
  auto facts = nlohmann::json::object();
  if (status->power == SlotPower::active) {
    ran = true;
    // Its sessions are the present ones: they go back with it.
    auto saved = context.rp.save(context.to, backends::Afterwards::gone);
    if (saved) {
      facts["dark_from"] = saved->dark_from;
    } else {
      context.tell("the new side's state can't be taken back, the old side's own is older: " +
                   saved.error().message());
    }
  }
  if (auto now = context.rp.status(context.to); now && !now->saved) {
    ISSU_TRY(ISSU_GUARD(restored_side_is_ended, context.rp.power_off(context.to), Result<void>{}),
             "ending the new side");
  }
  facts["ran"] = ran;
  return facts;
}

Result<nlohmann::json> reconcile_carry(Context& context) {
  auto facts = reconcile(context);
  if (facts) {
    // The way back from here on; without it, the older state has to do.
    if (auto room = context.rp.prepare_save(context.to); !room) {
      context.tell("no room for a way back with the sessions: " + room.error().message());
    }
  }
  return facts;
}

}  // namespace issu::steps
