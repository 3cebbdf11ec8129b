#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace issu::fuzz {

inline void collect(nlohmann::json& value, std::vector<nlohmann::json*>& all) {
  all.push_back(&value);
  if (value.is_structured()) {
    for (auto& each : value) {
      collect(each, all);
    }
  }
}

/// A document with one of its values replaced by one of another type, which one by `choice`: what
/// changes of single bytes hardly ever find. Empty when the text is no document.
inline std::string with_another_type(const std::string& text, std::uint64_t choice) {
  nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
  if (document.is_discarded()) {
    return {};
  }
  static const std::array<const char*, 12> others = {"null",
                                                     "true",
                                                     "0",
                                                     "-1",
                                                     "18446744073709551615",
                                                     "-9223372036854775808",
                                                     "1e308",
                                                     "0.5",
                                                     "\"\"",
                                                     "\"word\"",
                                                     "[]",
                                                     "{}"};
  std::vector<nlohmann::json*> all;
  collect(document, all);
  *all[choice % all.size()] = nlohmann::json::parse(others[choice / all.size() % others.size()]);
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Of the input itself: the same input makes the same choice.
inline std::uint64_t choice_of(const std::uint8_t* data, std::size_t size) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (std::size_t i = 0; i < size; ++i) {
    hash = (hash ^ data[i]) * 1099511628211ULL;
  }
  return hash >> 8U;
}

}  // namespace issu::fuzz
