#include "issu/debit.hpp"
#include "issu/decide.hpp"
#include "issu/guard.hpp"
#include "issu/image/bundle.hpp"
#include "issu/predict.hpp"
#include "issu/steps/preflight_parts.hpp"
#include "issu/steps/steps.hpp"
#include "issu/steps/way_back.hpp"

namespace issu::steps {
namespace {

using backends::SlotPower;

const backends::MigrateLimits& limits_of(const Context& context) {
  return context.config.router.vm.migrate;
}

/// What moves goes on from the disk that it has.
Result<void> same_image(const Context& context) {
  auto bundle = image::open_bundle(context.options.image, context.config.keyring);
  auto running = context.store.image(context.from);
  if (!bundle || !running || !*running || (*running)->sha256 == bundle->payload_sha256()) {
    return {};  // what can't be read is told by the check of the image
  }
  return fail("the image (" + bundle->manifest().version + ") is not the one that runs (" +
                  (*running)->version + "): a migration moves the machine as it is",
              "for a new image: --strategy standby; to migrate: the image that runs, " +
                  context.store.current_bundle().string());
}

nlohmann::json counts_of(const backends::MigrateReport& report) {
  nlohmann::json facts = nlohmann::json::object();
  const auto add = [&](const char* key, const auto& value) {
    if (value) {
      facts[key] = *value;
    }
  };
  add("total_ms", report.total_ms);
  add("setup_ms", report.setup_ms);
  add("downtime_ms", report.downtime_ms);
  add("bytes", report.bytes);
  add("iterations", report.iterations);
  return facts;
}

}  // namespace

Result<nlohmann::json> preflight_migrate(Context& context) {
  Reasons reasons;
  nlohmann::json facts = check_everything(context, Neighbours::see_nothing, reasons);
  reasons.add_if(same_image(context));
  if (auto check = context.rp.check_migrate(context.from, context.to); !check) {
    reasons.add(std::move(check).error());
  } else {
    facts["from_hypervisor"] = check->from;
    facts["to_hypervisor"] = check->to;
    facts["memory"] = check->memory;
    if (auto view = context.rp.control_plane(context.from); view) {
      reasons.add_if(fits_timers(limits_of(context).downtime_ms, *view));
    }
  }
  check_sla(context, facts, reasons);
  if (auto good = std::move(reasons).result(); !good) {
    return fail(std::move(good).error().as(ErrorKind::refused));
  }
  return facts;
}

Result<nlohmann::json> undo_stage_migrate(Context& context) {
  ISSU_TRY(has_to_run(context, context.from), "the old side");
  auto emptied = context.rp.power_off(context.to);
  if (emptied) {
    emptied = context.rp.unstage(context.to);
  }
  if (!emptied && tries_of_undo(context, Phase::stage) < undo_attempts) {
    return pass(std::move(emptied).error(), "emptying the other slot");
  }
  ISSU_TRY(context.store.clear(context.to), "emptying the other slot");
  ISSU_TRY(context.store.drop_next(), "forgetting the image");
  if (!emptied) {
    // Its libvirt may be what failed. The next upgrade empties the slot before anything else.
    return nlohmann::json{
        {"left_over", "slot " + std::string(name_of(context.to)) + ": " + emptied.error().what()}};
  }
  return nlohmann::json::object();
}

Result<nlohmann::json> freeze_migrate(Context& context) {
  ISSU_TRY(context.npu.hold(context.epoch_forward()), "holding the NPU's routes");
  return nlohmann::json::object();
}

Result<nlohmann::json> switchover_migrate(Context& context) {
  auto report = context.rp.migrate(context.from, context.to, limits_of(context),
                                   [&] { return context.abort_asked(); });
  if (!report) {
    return fail(std::move(report).error());
  }
  const MonoNs moved = mono_now();
  ISSU_TRY(context.npu.punt_to(context.epoch_forward(), context.to), "moving the ports");
  nlohmann::json facts = counts_of(*report);
  facts["ports_ms"] = to_ms(mono_now() - moved);
  return facts;
}

Result<nlohmann::json> undo_switchover_migrate(Context& context) {
  auto report = context.rp.migrate(context.to, context.from, limits_of(context), {});
  if (report) {
    // Its sessions go on over the old slot's ports at once.
    ISSU_TRY(context.npu.punt_to(context.epoch_back(), context.from), "giving the ports back");
    return report->moved ? counts_of(*report) : nlohmann::json::object();
  }
  auto old_side = context.rp.status(context.from);
  if (!old_side || tries_of_undo(context, Phase::switchover) < undo_attempts) {
    return pass(std::move(report).error(), "bringing the machine back");
  }
  context.tell("the machine can't be brought back as it runs, it starts anew: " +
               report.error().message());
  ISSU_TRY(ISSU_GUARD(moved_machine_is_ended, context.rp.power_off(context.to), Result<void>{}),
           "ending the machine in the other slot");
  return nlohmann::json{{"cold_start", report.error().what()}};
}

Result<nlohmann::json> undo_freeze_migrate(Context& context) {
  if (!began(context, Phase::switchover)) {
    return nlohmann::json{{"deleted", 0}};
  }
  return old_side_again(context, [&]() -> Result<void> {
    ISSU_TRY(context.npu.punt_to(context.epoch_back(), context.from), "giving the ports back");
    auto status = context.rp.status(context.from);
    if (!status) {
      return pass(std::move(status).error(), "looking at the old side");
    }
    if (status->power == SlotPower::active) {
      return {};
    }
    ISSU_TRY(context.rp.power_off(context.from), "clearing what was left of the old side");
    ISSU_TRY(context.rp.boot(context.from), "booting the old side");
    return context.rp.activate(context.from);
  });
}

}  // namespace issu::steps
