#pragma once

#include <string>

#include "issu/drill/outcome.hpp"

namespace issu::drill {

/// The `properties` of a drill's suite: the run's name, its labels, how many attempts there were
/// and what the earlier ones failed in, a soak's percentiles, the key figures of each upgrade.
[[nodiscard]] std::string junit_properties(const DrillOutcome& outcome);

}  // namespace issu::drill
