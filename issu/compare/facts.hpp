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

/// The machine, the load and the time, a name and a value each.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> facts_of(
    const Comparison& comparison);

}  // namespace issu::compare
