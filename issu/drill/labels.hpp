#pragma once

#include <string>
#include <vector>

#include "issu/config/strict_table.hpp"
#include "issu/drill/scenario.hpp"

namespace issu::drill {

/// The words that a scenario can be labelled with. A label of one's own begins with "x-": a slip in
/// one of these would leave a drill out of a run without a word.
[[nodiscard]] const std::vector<std::string>& known_labels();

/// `labels` of a scenario, whose lab was read before: one that is not known, or speaks of another
/// backend, is told.
void read_labels(config::StrictTable& document, Scenario& scenario);

/// Those that have all of these labels. A label that no scenario has is refused, and the refusal
/// says which there are.
Result<std::vector<Scenario>> with_labels(std::vector<Scenario> scenarios,
                                          const std::vector<std::string>& labels);

}  // namespace issu::drill
