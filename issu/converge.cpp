#include "issu/converge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "issu/guard.hpp"
#include "state-sync/sync_rule.hpp"

namespace issu {
namespace {

/// A daemon that ended by itself so often in one phase is broken, not unlucky.
constexpr int too_many_exits = 3;

std::string broken_daemon(const backends::SlotStatus& status) {
  for (const backends::DaemonStatus& daemon : status.daemons) {
    if (daemon.exits >= too_many_exits) {
      return fmt::format("{} ended {} times ({})", daemon.name, daemon.exits, daemon.last_end);
    }
  }
  return {};
}

std::vector<std::string> missing_peers(const backends::ControlPlaneView& view,
                                       const Baseline& baseline) {
  std::vector<std::string> missing;
  for (const std::string& peer : baseline.peers) {
    const auto session = std::find_if(view.sessions.begin(), view.sessions.end(),
                                      [&](const auto& each) { return each.peer == peer; });
    if (session == view.sessions.end() || !session->established) {
      missing.push_back(peer + (session == view.sessions.end() ? "" : " (" + session->state + ")"));
    }
  }
  return missing;
}

bool all_end_of_rib(const backends::ControlPlaneView& view) {
  return std::all_of(view.sessions.begin(), view.sessions.end(), [](const auto& session) {
    return !session.established || session.end_of_rib;
  });
}

/// Where routes have to be asked for, the answer is told to the NPU, each time it was asked.
Result<void> refresh_by_asking(Context& context, backends::Slot slot, std::uint64_t epoch) {
  auto routes = context.rp.routes(slot);
  if (!routes) {
    return pass(std::move(routes).error(), "asking the daemons for their routes");
  }
  return *routes ? context.npu.refresh(epoch, **routes) : Result<void>{};
}

Error expired(const Context& context, const backends::ControlPlaneView& view,
              const backends::SyncState& state, const Baseline& baseline) {
  const auto missing = missing_peers(view, baseline);
  const std::string waited = fmt::format("after {} s ", context.config.timers.converge_s);
  if (!view.answering) {
    return Error(waited + silent_daemons(view));
  }
  if (!missing.empty()) {
    return Error(fmt::format("{}{} of {} sessions are not Established: {}", waited, missing.size(),
                             baseline.peers.size(), fmt::join(missing, ", ")));
  }
  return Error(
      fmt::format("{}the routes were still changing ({} of {} refreshed, quiet for {:.1f} s)",
                  waited, state.refreshed, state.held, state.quiet_s));
}

}  // namespace

std::string silent_daemons(const backends::ControlPlaneView& view) {
  if (view.silent.empty()) {
    return "its daemons do not answer";
  }
  return fmt::format("{} {} not answer", fmt::join(view.silent, ", "),
                     view.silent.size() == 1 ? "does" : "do");
}

nlohmann::json to_json(const Baseline& baseline) {
  return {{"peers", baseline.peers}, {"routes", baseline.routes}};
}

Baseline baseline_from_json(const nlohmann::json& json) {
  return {json.value("peers", std::vector<std::string>()), json.value("routes", std::uint64_t{0})};
}

Result<backends::SyncState> wait_end_of_sync(Context& context, backends::Slot slot,
                                             std::uint64_t epoch, const Baseline& baseline,
                                             Missed missed) {
  const auto& timers = context.config.timers;
  const state_sync::SyncLimits limits{timers.quiet_s, timers.converge_s};
  const MonoNs began = mono_now();
  std::optional<std::uint64_t> stale_before;
  for (;;) {
    auto status = context.rp.status(slot);
    if (!status) {
      return pass(std::move(status).error(), "looking at the daemons");
    }
    if (const std::string broken = broken_daemon(*status); !broken.empty()) {
      return fail(broken, "its log is in the slot's folder under the run folder");
    }
    auto view = context.rp.control_plane(slot);
    if (!view) {
      return pass(std::move(view).error(), "asking the daemons");
    }
    auto state = context.npu.sync_state();
    if (missed == Missed::go_on && (!state || !state->complete || state->epoch != epoch)) {
      // Nothing will be swept, so the tables need not be quiet.
      state = backends::SyncState{};
      state->quiet_s = std::numeric_limits<double>::infinity();
    }
    if (!state) {
      return pass(std::move(state).error(), "asking the NPU");
    }
    if (!state->complete && missed == Missed::give_up) {
      return fail("changes of the NPU's tables were missed: what is stale can't be told",
                  "see `issu doctor`; the tables are left as they are");
    }
    const bool up = ISSU_GUARD(sessions_are_waited_for,
                               view->answering && missing_peers(*view, baseline).empty(), true);
    const auto verdict = state_sync::end_of_sync({.quiet_s = state->quiet_s,
                                                  .output_queued = view->output_queued || !up,
                                                  .end_of_rib = all_end_of_rib(*view),
                                                  .waited_s = to_s(mono_now() - began)},
                                                 limits);
    if (verdict == state_sync::SyncVerdict::complete && !state->complete) {
      return state;
    }
    if (verdict == state_sync::SyncVerdict::complete) {
      ISSU_TRY(refresh_by_asking(context, slot, epoch), "refreshing the NPU's routes");
      auto asked = context.npu.sync_state();
      if (!asked || asked->stale == 0 || asked->stale == stale_before) {
        return asked;
      }
      // The daemons may have heard the last End-of-RIB this moment and not have chosen their paths
      // yet: routes that are missing count when they do not become fewer. Also when they are few:
      // what is still to come would be swept.
      stale_before = asked->stale;
      if (to_s(mono_now() - began) + timers.quiet_s > timers.converge_s) {
        if (missed == Missed::give_up) {
          return fail(
              fmt::format("{} of {} routes were still missing, and {} s (timers.converge_s) "
                          "left no time to see whether they come",
                          asked->stale, asked->held, timers.converge_s),
              "nothing was swept; a larger timers.converge_s gives a loaded machine time");
        }
        asked->complete = false;
        return asked;
      }
      sleep_for(std::chrono::milliseconds(static_cast<std::int64_t>(timers.quiet_s * 1000)));
      continue;
    }
    if (verdict == state_sync::SyncVerdict::expired) {
      return fail(expired(context, *view, *state, baseline));
    }
    sleep_for(std::chrono::milliseconds(100));
  }
}

Result<void> compare_with_npu(const Context& context, const backends::SyncState& state) {
  const double allowed = context.config.budgets.stale_fraction * static_cast<double>(state.held);
  if (ISSU_GUARD(lost_routes_are_not_swept, static_cast<double>(state.stale) <= allowed, true)) {
    return {};
  }
  std::vector<std::string> sample;
  for (const auto& prefix : state.stale_sample) {
    if (sample.size() < 3) {
      sample.push_back(prefix.text());
    }
  }
  return fail(fmt::format("the new side does not know {} of {} routes that the NPU holds, {} are "
                          "allowed (budget.stale_fraction); among them {}",
                          state.stale, state.held, static_cast<std::uint64_t>(allowed),
                          fmt::join(sample, ", ")),
              "nothing was swept; compare the configuration and the peers' routes with before");
}

}  // namespace issu
