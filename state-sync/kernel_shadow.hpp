#pragma once

#include <string>

#include "issu/base/result.hpp"
#include "state-sync/kernel_state.hpp"

namespace issu::state_sync {

/// The routes of the kernel's main table once more, in the table behind it ("default", 253), with
/// next-hop objects of their own: a destination that daemons take out of the main table for a while
/// is still forwarded to. For a time in which daemons learn again what they had lost.
///
/// Afterwards it has to be lifted; it knows nothing of what really changes meanwhile. What a killed
/// caller left is taken away by the next one, or with the namespace.

/// Of what was read: the main table's routes, as they stand in the shadow.
[[nodiscard]] Result<KernelState> shadow_of(const KernelState& state);

/// `netns`: a name. A shadow that is there already is replaced.
Result<void> cast_shadow(const std::string& netns);
/// None is fine.
Result<void> lift_shadow(const std::string& netns);

}  // namespace issu::state_sync
