#pragma once

#include <optional>
#include <string>

#include "issu/fault_matrix.hpp"

namespace issu::cli {

/// The drill that plays a cell of the fault matrix with real daemons in real containers, as the
/// text of a scenario. No value: a drill can't bring this fault about there.
[[nodiscard]] std::optional<std::string> scenario_of(const Cell& cell);

/// Whether the cell is one of the few that every change has to pass.
[[nodiscard]] bool is_chosen(const Cell& cell);

}  // namespace issu::cli
