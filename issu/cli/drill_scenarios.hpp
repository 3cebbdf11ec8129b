#pragma once

#include <string>
#include <vector>

#include "issu/base/result.hpp"
#include "issu/drill/scenario.hpp"

namespace issu::cli {

/// The scenarios that an operator's words name, files or folders of them (in the order of their
/// names), each cell of a matrix one of its own; or all that is wrong with any.
Result<std::vector<drill::Scenario>> load_scenarios(const std::vector<std::string>& words);

}  // namespace issu::cli
