#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace issu::report {

/// A heading with its rows: what a form has on the left and what stands behind it.
struct Section {
  std::string title;
  std::vector<std::pair<std::string, std::string>> rows;
};

/// The upgrades among `all` that are trials of the same thing as `document`: between the same
/// versions, by the same backend and strategy, with the same outcome. `document` is one of them;
/// one that is not in `all` counts beside them.
[[nodiscard]] std::vector<nlohmann::ordered_json> trials_of(
    const nlohmann::ordered_json& document, const std::vector<nlohmann::ordered_json>& all);

/// The final report that RFC 7654 asks for in its section 7, of `document`; averages are of
/// `trials`. Whatever is not known is said to be not known, whatever was not measured to be not
/// measured.
[[nodiscard]] std::vector<Section> rfc7654_report(
    const nlohmann::ordered_json& document, const std::vector<nlohmann::ordered_json>& trials);

}  // namespace issu::report
