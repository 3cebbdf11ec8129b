#include "issu/debit.hpp"
#include "issu/guard.hpp"
#include "issu/steps/preflight_parts.hpp"
#include "issu/steps/steps.hpp"
#include "issu/steps/way_back.hpp"

namespace issu::steps {

Result<nlohmann::json> preflight_standby(Context& context) {
  Reasons reasons;
  nlohmann::json facts = check_everything(context, Neighbours::keep_routes, reasons);
  reasons.add_if(context.rp.check_standby());
  check_sla(context, facts, reasons);
  if (auto good = std::move(reasons).result(); !good) {
    return fail(std::move(good).error().as(ErrorKind::refused));
  }
  return facts;
}

Result<nlohmann::json> stage_warm(Context& context) {
  auto facts = stage(context);
  if (facts) {
    ISSU_TRY(context.rp.warm(context.to), "starting the new side with its ports unplugged");
  }
  return facts;
}

Result<nlohmann::json> freeze_standby(Context& context) {
  ISSU_TRY(context.npu.hold(context.epoch_forward()), "holding the NPU's routes");
  nlohmann::json facts{{"dark_from", mono_now()}, {"paused", true}};
  ISSU_TRY(ISSU_GUARD(old_side_is_paused, context.rp.pause(context.from), Result<void>{}),
           "pausing the old side");
  facts["fenced"] = mono_now();
  return facts;
}

Result<nlohmann::json> undo_freeze_standby(Context& context) {
  auto status = context.rp.status(context.from);
  if (!status) {
    return pass(std::move(status).error(), "looking at the old side");
  }
  const bool stands_there = status->power == backends::SlotPower::active;
  if (stands_there && !began(context, Phase::switchover)) {
    // The new side never had the ports: the old one goes on where it was, its sessions with it.
    ISSU_TRY(context.rp.resume(context.from), "letting the old side go on");
    return nlohmann::json{{"deleted", 0}};
  }
  return old_side_again(context, [&]() -> Result<void> {
    ISSU_TRY(ISSU_GUARD(paused_side_is_fenced, context.rp.fence(context.from), Result<void>{}),
             "ending the daemons of the old side");
    ISSU_TRY(context.rp.boot(context.from), "booting the old side");
    ISSU_TRY(context.npu.punt_to(context.epoch_back(), context.from), "giving the ports back");
    return context.rp.activate(context.from);
  });
}

}  // namespace issu::steps
