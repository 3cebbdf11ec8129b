#include "issu/converge.hpp"
#include "issu/steps/steps.hpp"
#include "issu/steps/way_back.hpp"

namespace issu::steps {
Result<nlohmann::json> freeze(Context& context) {
  ISSU_TRY(context.npu.hold(context.epoch_forward()), "holding the NPU's routes");
  const MonoNs dark_from = mono_now();
  ISSU_TRY(context.rp.fence(context.from), "fencing the old side");
  return nlohmann::json{{"dark_from", dark_from}, {"fenced", mono_now()}};
}

Result<nlohmann::json> undo_freeze(Context& context) {
  auto status = context.rp.status(context.from);
  if (!status) {
    return pass(std::move(status).error(), "looking at the old side");
  }
  const bool never_fenced =
      status->power == backends::SlotPower::active && !began(context, Phase::switchover);
  if (never_fenced) {
    return nlohmann::json{{"deleted", 0}};
  }
  return old_side_again(context, [&]() -> Result<void> {
    // Fenced again, so that what the old side says from here on is said after the hold.
    ISSU_TRY(context.rp.fence(context.from), "making sure that the old side starts anew");
    return context.rp.activate(context.from);
  });
}

Result<nlohmann::json> switchover(Context& context) {
  const MonoNs from = mono_now();
  ISSU_TRY(context.rp.activate(context.to), "starting the new side");
  return nlohmann::json{{"from", from}, {"answering", mono_now()}};
}

Result<nlohmann::json> undo_switchover(Context& context) {
  auto status = context.rp.status(context.to);
  if (!status) {
    return pass(std::move(status).error(), "looking at the new side");
  }
  if (status->power >= backends::SlotPower::booted) {
    ISSU_TRY(context.rp.fence(context.to), "fencing the new side");
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
