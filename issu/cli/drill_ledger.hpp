#pragma once

#include <filesystem>

#include "issu/base/result.hpp"
#include "issu/drill/outcome.hpp"

namespace issu::cli {

/// Whether drills can be written into this ledger (made where it is not there); an empty path: none
/// is wanted.
Result<void> check_ledger(const std::filesystem::path& file);

/// Writes the upgrades of a drill into a ledger, marked as a drill's; an empty path: none is
/// wanted.
Result<void> add_to_ledger(const std::filesystem::path& file, const drill::DrillOutcome& outcome);

}  // namespace issu::cli
