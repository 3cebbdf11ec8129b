#pragma once

#include <string>
#include <string_view>

#include "issu/base/result.hpp"
#include "issu/measure/plan.hpp"

namespace issu::measure {

[[nodiscard]] std::string plan_to_json(const MeasurePlan& plan);

/// Reads and checks a plan; all that is wrong with it is told at once.
Result<MeasurePlan> plan_from_json(std::string_view text);

/// What is wrong with a plan: a rate or a size out of range, a stream without destinations, with
/// two families, or with a name used twice.
Result<void> check_plan(const MeasurePlan& plan);

}  // namespace issu::measure
