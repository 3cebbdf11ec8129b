#include <fmt/format.h>

#include <algorithm>

#include "issu/budget.hpp"
#include "issu/converge.hpp"
#include "issu/steps/steps.hpp"

namespace issu::steps {
namespace {

constexpr auto look_interval = std::chrono::milliseconds(200);
/// Frames that are late by a stall of the machine look lost for a moment: a loss counts when it is
/// still there after so many looks.
constexpr int looks_of_a_loss = 5;

Result<void> check_budget(const Context& context, int& lossy_looks) {
  if (!context.instrument.has_streams() && !context.instrument.has_peers()) {
    return {};
  }
  auto live = context.instrument.live();
  if (!live || !live->running) {
    return fail("the loss is not measured any more (the probe ended)",
                "an upgrade whose loss is not measured has not met its budget");
  }
  const config::Budgets& budgets = context.config.budgets;
  ISSU_TRY(within_dark_budget(*live, budgets), "");
  lossy_looks = live->lost > budgets.lost_packets ? lossy_looks + 1 : 0;
  if (lossy_looks < looks_of_a_loss) {
    return {};
  }
  auto within = within_loss_budget(*live, budgets);
  return within ? within : fail(with_state_of(context.npu, std::move(within).error()));
}

Result<void> check_health(Context& context, const Baseline& baseline) {
  auto status = context.rp.status(context.to);
  if (!status) {
    return pass(std::move(status).error(), "looking at the new side");
  }
  if (status->power != backends::SlotPower::active) {
    return fail("the new side does not run any more");
  }
  for (const auto& daemon : status->daemons) {
    if (!daemon.running || daemon.exits > 0) {
      return fail(fmt::format("{} of the new side ended ({})", daemon.name,
                              daemon.last_end.empty() ? "it does not run" : daemon.last_end));
    }
  }
  auto view = context.rp.control_plane(context.to);
  if (!view) {
    return pass(std::move(view).error(), "asking the new side");
  }
  for (const std::string& peer : baseline.peers) {
    const bool up = std::any_of(
        view->sessions.begin(), view->sessions.end(),
        [&](const auto& session) { return session.peer == peer && session.established; });
    if (!up) {
      return fail("the session with " + peer + " is not Established any more");
    }
  }
  return {};
}

}  // namespace

Result<nlohmann::json> soak(Context& context) {
  const Baseline baseline = baseline_from_json(facts_of(context.records, Phase::checkpoint));
  const auto& options = context.options;
  const Deadline end =
      Deadline::in(std::chrono::milliseconds(static_cast<std::int64_t>(options.soak_s * 1000)));
  bool accepted = false;
  int lossy_looks = 0;
  // At least one look, however short the soak.
  do {
    ISSU_TRY(check_budget(context, lossy_looks), "soak");
    ISSU_TRY(check_health(context, baseline), "soak");
    const std::string request = context.pending_request();
    if (request == "abort") {
      return fail("abort was asked for");
    }
    accepted = request == "accept";
    if (lossy_looks > 0) {
      sleep_for(look_interval);
    } else if (!accepted) {
      sleep_for(std::min<std::chrono::nanoseconds>(look_interval,
                                                   std::chrono::milliseconds(end.left_ms() + 1)));
    }
  } while ((!accepted && !end.passed()) || lossy_looks > 0);
  if (!accepted && !options.auto_accept) {
    return fail(fmt::format("nobody accepted within {} s", options.soak_s),
                "`issu accept` while it soaks, or start it with --auto-accept");
  }
  return nlohmann::json{{"accepted_by", accepted ? "operator" : "health and budgets"}};
}

}  // namespace issu::steps
