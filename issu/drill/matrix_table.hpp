#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace issu::drill {

/// For each matrix among these drills' documents and each of its backends a table, from × to: what
/// came of the cell's upgrades, how long the control plane was dark and how many frames were lost.
/// Empty where none of them is a cell.
[[nodiscard]] std::string matrix_tables(const std::vector<nlohmann::ordered_json>& drills);

}  // namespace issu::drill
