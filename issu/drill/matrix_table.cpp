#include "issu/drill/matrix_table.hpp"

#include "issu/drill/text_table.hpp"
#include "issu/report/matrix_grid.hpp"

namespace issu::drill {

std::string matrix_tables(const std::vector<nlohmann::ordered_json>& drills) {
  std::string text;
  for (const report::MatrixGrid& grid : report::matrix_grids(drills)) {
    text += "\n" + grid.title + "\n\n" + text_table(grid.rows);
  }
  return text;
}

}  // namespace issu::drill
