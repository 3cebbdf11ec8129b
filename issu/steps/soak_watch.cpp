#include "issu/steps/soak_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "issu/base/clock.hpp"
#include "issu/budget.hpp"

namespace issu::steps {
namespace {

/// Frames that are late by a stall of the machine look lost for a moment: a loss counts when it is
/// still there after so many looks.
constexpr int looks_of_a_loss = 5;
/// Counting 500,000 routes of a kernel takes a good part of a second.
constexpr MonoNs routes_interval = 2'000'000'000;
/// A daemon that replaces a route may have taken it away for a moment.
constexpr int looks_of_missing_routes = 3;
/// npud comes back by itself within a minute.
constexpr int looks_without_npu = 30;
constexpr double mebibyte = 1U << 20U;
constexpr std::chrono::milliseconds for_an_end_to_be_heard{200};

}  // namespace

Result<void> SoakWatch::look() {
  ISSU_TRY(budget(), "");
  ISSU_TRY(health(), "");
  ISSU_TRY(sessions(), "");
  return routes();
}

Result<void> SoakWatch::budget() {
  if (!context_->instrument.has_streams() && !context_->instrument.has_peers()) {
    return {};
  }
  auto live = context_->instrument.live();
  if (!live || !live->running) {
    return fail("the loss is not measured any more (the probe ended)",
                "an upgrade whose loss is not measured has not met its budget");
  }
  const config::Budgets& budgets = context_->config.budgets;
  ISSU_TRY(within_dark_budget(*live, budgets), "");
  lossy_ = live->lost > budgets.lost_packets ? lossy_ + 1 : 0;
  if (lossy_ < looks_of_a_loss) {
    return {};
  }
  auto within = within_loss_budget(*live, budgets);
  return within ? within : fail(with_state_of(context_->npu, std::move(within).error()));
}

Result<void> SoakWatch::health() {
  auto status = context_->rp.status(context_->to);
  if (!status) {
    return pass(std::move(status).error(), "looking at the new side");
  }
  if (status->power != backends::SlotPower::active) {
    return fail("the new side is not active any more: it ended, or its guest agent is silent",
                "its log is in the slot's folder under the run folder");
  }
  for (const auto& daemon : status->daemons) {
    if (!daemon.running || daemon.exits > 0) {
      return fail(fmt::format("{} of the new side ended ({})", daemon.name,
                              daemon.last_end.empty() ? "it does not run" : daemon.last_end));
    }
  }
  return memory(*status);
}

Result<void> SoakWatch::sessions() {
  auto view = context_->rp.control_plane(context_->to);
  if (!view) {
    return pass(std::move(view).error(), "asking the new side");
  }
  for (const std::string& peer : baseline_->peers) {
    const bool up = std::any_of(
        view->sessions.begin(), view->sessions.end(),
        [&](const auto& session) { return session.peer == peer && session.established; });
    if (!up) {
      // A daemon that ended takes its sessions along, and is heard of a moment later.
      sleep_for(for_an_end_to_be_heard);
      ISSU_TRY(health(), "");
      return fail("the session with " + peer + " is not Established any more");
    }
  }
  return {};
}

Result<void> SoakWatch::memory(const backends::SlotStatus& status) {
  std::uint64_t now = 0;
  for (const auto& daemon : status.daemons) {
    if (!daemon.memory) {
      return {};
    }
    now += *daemon.memory;
  }
  if (!memory_) {
    memory_ = now;
  }
  const double grown = (static_cast<double>(now) - static_cast<double>(*memory_)) / mebibyte;
  if (grown <= context_->config.budgets.daemon_growth_mib) {
    return {};
  }
  return fail(fmt::format(
      "the new side's daemons hold {:.0f} MiB, {:.0f} more than when the soak "
      "began, {:g} are allowed (budget.daemon_growth_mib)",
      static_cast<double>(now) / mebibyte, grown, context_->config.budgets.daemon_growth_mib));
}

Result<void> SoakWatch::routes() {
  if (counted_at_ != 0 && short_ == 0 && mono_now() - counted_at_ < routes_interval) {
    return {};
  }
  counted_at_ = mono_now();
  auto size = context_->npu.size();
  if (!size) {
    return ++unseen_ < looks_without_npu
               ? Result<void>{}
               : pass(std::move(size).error(), "counting the NPU's routes");
  }
  unseen_ = 0;
  const auto before = static_cast<double>(baseline_->routes);
  const double least = before - before * context_->config.budgets.stale_fraction;
  short_ = static_cast<double>(size->total()) >= least ? 0 : short_ + 1;
  if (short_ < looks_of_missing_routes) {
    return {};
  }
  return fail(fmt::format("the NPU has {} routes, {} before the upgrade: more are missing than "
                          "budget.stale_fraction allows",
                          size->total(), baseline_->routes),
              "compare what the peers announce with before");
}

}  // namespace issu::steps
