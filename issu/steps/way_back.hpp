#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "issu/base/result.hpp"
#include "issu/context.hpp"
#include "issu/converge.hpp"

/// What the strategies share of the dark phases and their undo.
namespace issu::steps {

[[nodiscard]] Baseline baseline_of(const Context& context);
[[nodiscard]] bool began(const Context& context, Phase phase);
/// How often the undo of a phase was begun, this time counted.
[[nodiscard]] int tries_of_undo(const Context& context, Phase phase);
[[nodiscard]] nlohmann::json sync_facts(const backends::SyncState& state);

/// Holds the NPU's routes for the old side, lets `start` bring it up, waits for its end of sync
/// and sweeps what is stale then; the facts of undoing freeze. Where the tables can't be held or
/// compared, the old side runs all the same, and the facts say what was left unswept.
Result<nlohmann::json> old_side_again(Context& context, const std::function<Result<void>()>& start);

/// A slot whose container or machine ended by itself meanwhile is started anew: an upgrade ends
/// with a router that runs. Its routes stay where they are.
Result<void> has_to_run(Context& context, backends::Slot slot);

/// Restores in the slot `from` what was saved of it, its sessions closed, with the NPU keeping what
/// it holds while the daemons take the loss of their sessions for the end of the routes. The epoch
/// of the way back has to be held; where it can't be kept, nothing is restored.
Result<void> restore_without_sessions(Context& context);

}  // namespace issu::steps
