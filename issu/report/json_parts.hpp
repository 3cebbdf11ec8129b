#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "issu/report/document.hpp"

namespace issu::report {

template <typename T>
nlohmann::ordered_json known(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

/// A figure of a measurement: null when that was none.
template <typename T>
nlohmann::ordered_json when(bool measured, const T& value) {
  return measured ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

/// The document's `rfc7654` and `timeline`; parts of `to_json`.
[[nodiscard]] nlohmann::ordered_json rfc7654_json(const Document& document);
[[nodiscard]] nlohmann::ordered_json timeline_json(const Document& document);

}  // namespace issu::report
