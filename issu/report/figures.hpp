#pragma once

#include <nlohmann/json.hpp>
#include <string>

// Figures out of a document of the published form, as people read them. A figure that is missing
// or null was not measured, and is said to be so.

namespace issu::report {

/// A figure with its unit ("12.5 ms"), or "not measured".
[[nodiscard]] std::string figure(const nlohmann::ordered_json& object, const char* key,
                                 const char* unit = "", int digits = 0);

/// A text, or an empty one.
[[nodiscard]] std::string text_of(const nlohmann::ordered_json& object, const char* key);

/// A text, or "not known".
[[nodiscard]] std::string known_text(const nlohmann::ordered_json& object, const char* key);

/// "yes", "no", or "not measured".
[[nodiscard]] std::string yes_no(const nlohmann::ordered_json& object, const char* key);

/// The object or list under a key; an empty one where there is none.
[[nodiscard]] nlohmann::ordered_json object_of(const nlohmann::ordered_json& object,
                                               const char* key);
[[nodiscard]] nlohmann::ordered_json list_of(const nlohmann::ordered_json& object, const char* key);

/// A number for a picture or a sum, 0 where there is none: never for a figure that is told.
[[nodiscard]] double number_of(const nlohmann::ordered_json& object, const char* key);
/// Whether it is there and true.
[[nodiscard]] bool flag_of(const nlohmann::ordered_json& object, const char* key);
[[nodiscard]] bool is_measured(const nlohmann::ordered_json& plane);

/// Routes withdrawn at all peers, or "not measured" when a session's are not known.
[[nodiscard]] std::string withdrawn_routes(const nlohmann::ordered_json& control_plane);

/// "1,234,567"
[[nodiscard]] std::string grouped(std::int64_t number);

/// A text cut at `most` bytes, at the beginning of a character, with "…" behind it.
[[nodiscard]] std::string cut(const std::string& text, std::size_t most);

}  // namespace issu::report
