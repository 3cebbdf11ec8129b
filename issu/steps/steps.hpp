#pragma once

#include <nlohmann/json.hpp>

#include "issu/base/result.hpp"
#include "issu/context.hpp"

/// The steps of the phases, one file each. docs/phases.md says when each runs.
namespace issu::steps {

Result<nlohmann::json> preflight(Context& context);

Result<nlohmann::json> stage(Context& context);
Result<nlohmann::json> undo_stage(Context& context);

Result<nlohmann::json> checkpoint(Context& context);

Result<nlohmann::json> presync(Context& context);
Result<nlohmann::json> undo_presync(Context& context);

Result<nlohmann::json> freeze(Context& context);
Result<nlohmann::json> undo_freeze(Context& context);

Result<nlohmann::json> switchover(Context& context);
Result<nlohmann::json> undo_switchover(Context& context);

Result<nlohmann::json> reconcile(Context& context);

Result<nlohmann::json> soak(Context& context);

Result<nlohmann::json> commit(Context& context);

/// For phases that leave nothing to undo.
Result<nlohmann::json> nothing(Context& context);

}  // namespace issu::steps
