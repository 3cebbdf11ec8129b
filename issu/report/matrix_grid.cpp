#include "issu/report/matrix_grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "issu/report/figures.hpp"

namespace issu::report {
namespace {

using nlohmann::ordered_json;

/// Once each, in their order.
void add_once(std::vector<std::string>& words, const std::string& word) {
  if (std::find(words.begin(), words.end(), word) == words.end()) {
    words.push_back(word);
  }
}

std::optional<double> number(const ordered_json& upgrade, const char* plane, const char* key) {
  const ordered_json part = object_of(upgrade, plane);
  const auto value = part.find(key);
  return value != part.end() && value->is_number() ? std::optional(value->get<double>())
                                                   : std::nullopt;
}

/// The longest, or the sum, of all upgrades; "not measured" when one of them did not measure it.
std::string over_all(const ordered_json& drill, const char* plane, const char* key, bool sum) {
  double total = 0;
  const ordered_json upgrades = list_of(drill, "upgrades");
  for (const ordered_json& upgrade : upgrades) {
    const auto value = number(upgrade, plane, key);
    if (!value) {
      return "not measured";
    }
    total = sum ? total + *value : std::max(total, *value);
  }
  return upgrades.empty() ? "not measured" : fmt::format("{:.0f}", total);
}

/// "committed, dark 812 ms, 0 lost", with what the drill thinks of it where it did not pass.
std::string cell_text(const ordered_json& drill) {
  std::vector<std::string> outcomes;
  for (const ordered_json& upgrade : list_of(drill, "upgrades")) {
    const std::string outcome = text_of(upgrade, "outcome");
    add_once(outcomes, outcome.empty() ? "no result" : outcome);
  }
  const std::string dark = over_all(drill, "control_plane", "dark_ms", false);
  const std::string text = outcomes.empty()
                               ? "no upgrade"
                               : fmt::format("{}, dark {}{}, {} lost", fmt::join(outcomes, " / "),
                                             dark, dark == "not measured" ? "" : " ms",
                                             over_all(drill, "data_plane", "lost", true));
  return !flag_of(drill, "passed") ? "FAILED: " + text
         : flag_of(drill, "flaky") ? "FLAKY: " + text
                                   : text;
}

MatrixGrid grid_of(const std::vector<ordered_json>& drills, const std::string& matrix,
                   const std::string& backend) {
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::vector<const ordered_json*> cells;
  for (const ordered_json& drill : drills) {
    const ordered_json cell = object_of(drill, "cell");
    if (text_of(cell, "matrix") == matrix && text_of(cell, "backend") == backend) {
      add_once(from, text_of(cell, "from"));
      add_once(to, text_of(cell, "to"));
      cells.push_back(&drill);
    }
  }
  std::vector<std::vector<std::string>> rows{{"from \\ to"}};
  rows.front().insert(rows.front().end(), to.begin(), to.end());
  for (const std::string& row : from) {
    rows.push_back({row});
    for (const std::string& column : to) {
      const auto found = std::find_if(cells.begin(), cells.end(), [&](const ordered_json* drill) {
        const ordered_json cell = object_of(*drill, "cell");
        return text_of(cell, "from") == row && text_of(cell, "to") == column;
      });
      rows.back().push_back(found == cells.end() ? "–" : cell_text(**found));
    }
  }
  return {matrix + ", backend " + backend, std::move(rows)};
}

}  // namespace

std::vector<MatrixGrid> matrix_grids(const std::vector<ordered_json>& drills) {
  std::vector<std::string> matrices;
  std::vector<std::string> backends;
  for (const ordered_json& drill : drills) {
    if (const ordered_json cell = object_of(drill, "cell"); !cell.empty()) {
      add_once(matrices, text_of(cell, "matrix"));
      add_once(backends, text_of(cell, "backend"));
    }
  }
  std::vector<MatrixGrid> grids;
  for (const std::string& matrix : matrices) {
    for (const std::string& backend : backends) {
      const bool any = std::any_of(drills.begin(), drills.end(), [&](const ordered_json& drill) {
        const ordered_json cell = object_of(drill, "cell");
        return text_of(cell, "matrix") == matrix && text_of(cell, "backend") == backend;
      });
      if (any) {
        grids.push_back(grid_of(drills, matrix, backend));
      }
    }
  }
  return grids;
}

}  // namespace issu::report
