#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace issu::cli {

/// The answers of npud for people, without the last end of line. docs/npu.md has their fields.
[[nodiscard]] std::string show_text(const nlohmann::json& answer);
[[nodiscard]] std::string routes_text(const nlohmann::json& answer);
[[nodiscard]] std::string difference_text(const nlohmann::json& answer);
[[nodiscard]] std::string counters_text(const nlohmann::json& answer);
/// One line: what was done.
[[nodiscard]] std::string done_text(const nlohmann::json& answer);

}  // namespace issu::cli
