#pragma once

#include "backends/npu.hpp"
#include "issu/base/result.hpp"
#include "issu/config/router_config.hpp"
#include "issu/instrument.hpp"

namespace issu {

/// Refuses when more packets were lost than `budget.lost_packets` allows.
Result<void> within_loss_budget(const LiveView& live, const config::Budgets& budgets);

/// Refuses when a watched session was, or is, down for longer than
/// `budget.control_plane_dark_ms` allows.
Result<void> within_dark_budget(const LiveView& live, const config::Budgets& budgets);

/// A loss with its likely cause beside it: what the NPU answers when it is asked for its routes,
/// where that is an error (it may have died).
Error with_state_of(backends::Npu& npu, Error loss);

}  // namespace issu
