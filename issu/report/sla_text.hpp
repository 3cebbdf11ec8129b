#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace issu::report {

/// Lines for people of a result document's `sla`: what was predicted and how good that was, what is
/// left of the budgets. Empty where the document has none of it.
[[nodiscard]] std::string sla_text(const nlohmann::ordered_json& sla);

}  // namespace issu::report
