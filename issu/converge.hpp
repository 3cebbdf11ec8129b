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

/// What to do when changes of the NPU's tables were missed, so that nobody knows what is stale.
enum class Missed {
  give_up,  ///< the new side is not proven: an error
  go_on,    ///< the old side has to run, whatever is known of the tables
};

/// Waits until the side in `slot` has said all that it has to say (the end-of-sync rule of
/// state-sync), with the sessions of `baseline` Established. Gives up with the reason: a daemon
/// that keeps ending, a session that does not come, the deadline (timers.converge_s). With
/// `Missed::go_on` the sessions alone may decide: then the state that is given back is not
/// `complete`, and nothing may be swept by it.
Result<backends::SyncState> wait_end_of_sync(Context& context, backends::Slot slot,
                                             std::uint64_t epoch, const Baseline& baseline,
                                             Missed missed = Missed::give_up);

/// "bgpd does not answer": for a message about a view that is not `answering`.
[[nodiscard]] std::string silent_daemons(const backends::ControlPlaneView& view);

/// Refuses when more routes than the budget allows are stale: the new side lost them. Nothing is
/// swept before this was asked.
Result<void> compare_with_npu(const Context& context, const backends::SyncState& state);

}  // namespace issu
