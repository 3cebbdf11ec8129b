#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace issu::report {

/// The figures of an upgrade's document as OpenMetrics text, for the textfile directory of a
/// node_exporter. What was not measured has no sample; `issu_upgrade_measured` says so.
[[nodiscard]] std::string upgrade_metrics(const nlohmann::ordered_json& document);

/// The same of the documents of drills.
[[nodiscard]] std::string drill_metrics(const std::vector<nlohmann::ordered_json>& drills);

}  // namespace issu::report
