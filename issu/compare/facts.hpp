#pragma once

#include <string>
#include <utility>
#include <vector>

#include "issu/compare/document.hpp"

/// What both renderers say of a study beside its rows.
namespace issu::compare {

inline constexpr const char* reading_aid =
    "Every figure is the median of the runs of this very command. What could not be measured says "
    "so, with the reason. A figure of virtual machines has its accelerator beside it: times under "
    "TCG, QEMU's own processor, are not those of hardware with VT-x.";

/// "under TCG", with a comma in front; empty where no virtual machine took part.
[[nodiscard]] std::string under(const Side& side);

/// Figures of one side that were measured in the same way.
struct Source {
  Shape shape;
  std::string figures;  ///< their names
  std::string how;
  std::string evidence;
  std::string runs;  ///< how many of each: "3", "2 to 3"
};
/// Of what was measured of a row, in the order of its figures.
[[nodiscard]] std::vector<Source> sources_of(const Row& row);

/// The machine, the load and the time, a name and a value each.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> facts_of(
    const Comparison& comparison);

}  // namespace issu::compare
