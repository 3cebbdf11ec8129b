#pragma once

#include <nlohmann/json.hpp>

#include "issu/base/result.hpp"
#include "issu/context.hpp"

/// The steps of the phases, one file each. docs/phases.md says when each runs.
namespace issu::steps {

Result<nlohmann::json> preflight(Context& context);

Result<nlohmann::json> stage(Context& context);
/// The other slot is mounted; nothing is started in it.
Result<nlohmann::json> stage_mounted(Context& context);
Result<nlohmann::json> undo_stage(Context& context);

Result<nlohmann::json> checkpoint(Context& context);
Result<nlohmann::json> checkpoint_restart(Context& context);
Result<nlohmann::json> undo_checkpoint_restart(Context& context);

Result<nlohmann::json> presync(Context& context);
Result<nlohmann::json> undo_presync(Context& context);

Result<nlohmann::json> freeze(Context& context);
Result<nlohmann::json> undo_freeze(Context& context);

Result<nlohmann::json> switchover(Context& context);
Result<nlohmann::json> undo_switchover(Context& context);

Result<nlohmann::json> reconcile(Context& context);

Result<nlohmann::json> soak(Context& context);

Result<nlohmann::json> commit(Context& context);

/// The same daemons go on in the other slot: preflight_carry.cpp, carry.cpp.
Result<nlohmann::json> preflight_carry(Context& context);
Result<nlohmann::json> checkpoint_carry(Context& context);
Result<nlohmann::json> undo_checkpoint_carry(Context& context);
Result<nlohmann::json> freeze_carry(Context& context);
Result<nlohmann::json> undo_freeze_carry(Context& context);
Result<nlohmann::json> switchover_carry(Context& context);
Result<nlohmann::json> undo_switchover_carry(Context& context);
Result<nlohmann::json> reconcile_carry(Context& context);

/// The other slot runs beside this one: standby.cpp.
Result<nlohmann::json> preflight_standby(Context& context);
Result<nlohmann::json> stage_warm(Context& context);
Result<nlohmann::json> freeze_standby(Context& context);
Result<nlohmann::json> undo_freeze_standby(Context& context);

/// What runs moves into the other slot while it runs: migrate.cpp.
Result<nlohmann::json> preflight_migrate(Context& context);
Result<nlohmann::json> undo_stage_migrate(Context& context);
Result<nlohmann::json> freeze_migrate(Context& context);
Result<nlohmann::json> undo_freeze_migrate(Context& context);
Result<nlohmann::json> switchover_migrate(Context& context);
Result<nlohmann::json> undo_switchover_migrate(Context& context);

/// For phases that leave nothing to undo.
Result<nlohmann::json> nothing(Context& context);

}  // namespace issu::steps
