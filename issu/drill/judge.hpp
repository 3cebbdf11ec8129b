#pragma once

#include <vector>

#include "issu/drill/outcome.hpp"
#include "issu/drill/scenario.hpp"

namespace issu::drill {

/// Holds an expectation against all the upgrades that it speaks of: one judgement. A field that
/// is null was not measured, and nothing holds of it; no upgrade at all is a failure too.
[[nodiscard]] Judgement judge(const Expectation& expectation,
                              const std::vector<UpgradeRun>& upgrades);

}  // namespace issu::drill
