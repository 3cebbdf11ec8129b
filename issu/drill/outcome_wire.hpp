#pragma once

#include <string>

#include "issu/base/result.hpp"
#include "issu/drill/outcome.hpp"

// What came of an attempt on its way from the process that made it to the one that asked for it:
// the published document leaves out what only the reports need. Both ends are the same program.

namespace issu::drill {

/// Without `earlier` attempts.
[[nodiscard]] std::string pack(const DrillOutcome& outcome);

/// Errors: a text that is cut short or something else.
Result<DrillOutcome> unpack(const std::string& text);

}  // namespace issu::drill
