#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>

namespace issu {

/// The value of a key; `fallback` where there is none, or one of another type: for documents that
/// somebody else may have written. Numbers are taken as what is asked for: a whole one has to be
/// whole, and not below 0 where `T` can't be.
template <typename Json, typename T>
[[nodiscard]] T value_of(const Json& object, const char* key, T fallback) {
  if (!object.is_object()) {
    return fallback;
  }
  const auto found = object.find(key);
  if (found == object.end()) {
    return fallback;
  }
  bool fits = false;
  if constexpr (std::is_same_v<T, Json>) {
    fits = found->type() == fallback.type();
  } else if constexpr (std::is_same_v<T, bool>) {
    fits = found->is_boolean();
  } else if constexpr (std::is_integral_v<T>) {
    fits = found->is_number_integer() && (std::is_signed_v<T> || found->is_number_unsigned() ||
                                          found->template get<std::int64_t>() >= 0);
  } else if constexpr (std::is_floating_point_v<T>) {
    fits = found->is_number();
  } else {
    static_assert(std::is_same_v<T, std::string>);
    fits = found->is_string();
  }
  return fits ? found->template get<T>() : fallback;
}

template <typename Json>
[[nodiscard]] std::string value_of(const Json& object, const char* key, const char* fallback) {
  return value_of(object, key, std::string(fallback));
}

/// The text of a value that may be anything; empty where it is none.
template <typename Json>
[[nodiscard]] std::string text_of(const Json& value) {
  return value.is_string() ? value.template get<std::string>() : std::string();
}

}  // namespace issu
