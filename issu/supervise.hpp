#pragma once

#include <functional>

#include "issu/base/result.hpp"
#include "issu/config/router_config.hpp"
#include "issu/slot_store.hpp"

namespace issu {

/// Runs the coordinator of an open upgrade in a process of its own and ends that when a step hangs
/// (`StepWatch`): its end is a failure in the journal then, and another one goes on from there. The
/// caller has a single thread and holds the router's lock, which the coordinator shares.
///
/// Gives back what the last coordinator gave back; 128 + signal where somebody else killed it:
/// `issu resume` goes on. An error (ErrorKind::needs_person) where a coordinator that hangs can't
/// be ended, or hangs again and again beside any step.
Result<int> supervise(const SlotStore& store, const config::RouterConfig& config,
                      const std::function<int()>& coordinator);

}  // namespace issu
