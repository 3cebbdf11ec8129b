#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace issu::report {

/// What came of a matrix on one backend, from × to: the first row and the first column are heads. A
/// cell says the outcome of its upgrades, how long the control plane was dark at most and how many
/// frames were lost; one that was not run is a dash.
struct MatrixGrid {
  std::string title;
  std::vector<std::vector<std::string>> rows;
};

/// A grid for each matrix and backend among these drills' documents; none where none is a cell.
[[nodiscard]] std::vector<MatrixGrid> matrix_grids(
    const std::vector<nlohmann::ordered_json>& drills);

}  // namespace issu::report
