#pragma once

#include "issu/config/strict_table.hpp"
#include "issu/drill/scenario.hpp"

namespace issu::drill {

/// Each fills its part of a scenario from its section and tells what is wrong with it.
void read_lab(config::StrictTable& document, LabSpec& lab);
void read_steps(config::StrictTable& document, std::vector<Step>& steps);
[[nodiscard]] FaultStep read_fault(config::StrictTable& step);
/// After the steps: an expectation can name one of them.
void read_expectations(config::StrictTable& document, Scenario& scenario);

/// "250ms", "5s", "2m" as milliseconds; no value when it is none of these.
[[nodiscard]] std::optional<std::chrono::milliseconds> read_time(const std::string& text);

}  // namespace issu::drill
