#include "issu/converge.hpp"
#include "issu/guard.hpp"
#include "issu/steps/steps.hpp"
#include "issu/steps/way_back.hpp"

namespace issu::steps {
namespace {

bool wants_saved(const Context& context) {
  return context.options.way_back == "saved";
}

/// The old side as it was at freeze, with its sessions closed: the neighbours take that for the
/// restart of a daemon. Without a saved state, or when it can't be restored, a start from nothing.
Result<void> start_old_side(Context& context) {
  // Fenced again, so that what the old side says from here on is said after the hold.
  ISSU_TRY(context.rp.fence(context.from), "making sure that the old side starts anew");
  ISSU_TRY(ISSU_GUARD(ports_come_back, context.npu.punt_to(context.epoch_back(), context.from),
                      Result<void>{}),
           "giving the ports back");
  auto status = context.rp.status(context.from);
  if (status && status->saved) {
    auto restored = restore_without_sessions(context);
    if (restored) {
      return {};
    }
    context.tell("the old side starts from nothing: " + restored.error().message());
    ISSU_TRY(context.rp.power_off(context.from), "clearing what was left of the restore");
  }
  // It stands ready unless a restore, or a save that was ended by force, has taken it along.
  ISSU_TRY(context.rp.boot(context.from), "booting the old side");
  return context.rp.activate(context.from);
}

}  // namespace

Result<nlohmann::json> checkpoint_restart(Context& context) {
  auto facts = checkpoint(context);
  if (facts && wants_saved(context)) {
    if (auto room = context.rp.prepare_save(context.from); !room) {
      const std::string why = room.error().message();
      context.tell("no saved way back: " + why);
      (*facts)["cold_way_back"] = why;
    }
  }
  return facts;
}

Result<nlohmann::json> undo_checkpoint_restart(Context& context) {
  ISSU_TRY(context.rp.forget_saved(context.from), "freeing the state that was saved");
  return nlohmann::json::object();
}

Result<nlohmann::json> freeze(Context& context) {
  ISSU_TRY(ISSU_GUARD(routes_are_held, context.npu.hold(context.epoch_forward()), Result<void>{}),
           "holding the NPU's routes");
  nlohmann::json facts = nlohmann::json::object();
  const bool prepared = !facts_of(context.records, Phase::checkpoint).contains("cold_way_back");
  if (wants_saved(context) && prepared) {
    // It runs on for the moment until it is fenced: the neighbours see the end of its sessions as
    // they would without a saved state, and not before.
    const MonoNs from = mono_now();
    auto saved = context.rp.save(context.from, backends::Afterwards::runs);
    if (saved) {
      facts["way_back_ms"] = to_ms(mono_now() - from);
      facts["bytes"] = saved->bytes;
    } else {
      facts["cold_way_back"] = saved.error().message();
    }
  }
  facts["dark_from"] = mono_now();
  ISSU_TRY(ISSU_GUARD(old_side_is_fenced, context.rp.fence(context.from), Result<void>{}),
           "fencing the old side");
  facts["fenced"] = mono_now();
  return facts;
}

Result<nlohmann::json> undo_freeze(Context& context) {
  auto status = context.rp.status(context.from);
  if (!status) {
    return pass(std::move(status).error(), "looking at the old side");
  }
  const bool never_fenced =
      status->power == backends::SlotPower::active && !began(context, Phase::switchover);
  if (never_fenced) {
    if (wants_saved(context)) {
      // A save that was killed in its middle may have taken something from the daemons.
      ISSU_TRY(context.rp.restore(context.from, context.from, backends::Sessions::keep),
               "giving back to the old side what was taken for saving it");
    }
    return nlohmann::json{{"deleted", 0}};
  }
  return old_side_again(context, [&] { return start_old_side(context); });
}

Result<nlohmann::json> switchover(Context& context) {
  const MonoNs from = mono_now();
  ISSU_TRY(ISSU_GUARD(ports_move, context.npu.punt_to(context.epoch_forward(), context.to),
                      Result<void>{}),
           "moving the ports");
  ISSU_TRY(context.rp.activate(context.to), "starting the new side");
  return nlohmann::json{{"from", from}, {"answering", mono_now()}};
}

Result<nlohmann::json> undo_switchover(Context& context) {
  auto status = context.rp.status(context.to);
  if (!status) {
    return pass(std::move(status).error(), "looking at the new side");
  }
  if (status->power >= backends::SlotPower::booted) {
    ISSU_TRY(ISSU_GUARD(new_side_is_fenced, context.rp.fence(context.to), Result<void>{}),
             "fencing the new side");
  }
  return nlohmann::json::object();
}

Result<nlohmann::json> reconcile(Context& context) {
  auto state = wait_end_of_sync(context, context.to, context.epoch_forward(), baseline_of(context));
  if (!state) {
    return pass(std::move(state).error(), "waiting for the new side");
  }
  ISSU_TRY(compare_with_npu(context, *state), "comparing the new side with the NPU");
  auto swept = context.npu.sweep(context.epoch_forward());
  if (!swept) {
    return pass(std::move(swept).error(), "sweeping what is stale");
  }
  auto size = context.npu.size();
  if (!size) {
    return pass(std::move(size).error(), "counting the NPU's routes");
  }
  nlohmann::json facts = sync_facts(*swept);
  facts["routes_after"] = size->total();
  return facts;
}

}  // namespace issu::steps
