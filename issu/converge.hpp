#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "issu/context.hpp"

namespace issu {

/// What the control plane was like before anything was dark: the way back has to reach it again,
/// and the new side is compared with it.
struct Baseline {
  std::vector<std::string> peers;  ///< whose session was Established
  std::uint64_t routes = 0;        ///< in the NPU, of routing daemons
};

[[nodiscard]] nlohmann::json to_json(const Baseline& baseline);
[[nodiscard]] Baseline baseline_from_json(const nlohmann::json& json);

/// Waits until the side in `slot` has said all that it has to say (the end-of-sync rule of
/// state-sync), with the sessions of `baseline` Established. Gives up with the reason: a daemon
/// that keeps ending, a session that does not come, the deadline (timers.converge_s).
Result<backends::SyncState> wait_end_of_sync(Context& context, backends::Slot slot,
                                             std::uint64_t epoch, const Baseline& baseline);

/// Refuses when more routes than the budget allows are stale: the new side lost them. Nothing is
/// swept before this was asked.
Result<void> compare_with_npu(const Context& context, const backends::SyncState& state);

}  // namespace issu
