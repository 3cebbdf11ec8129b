#include "issu/report/figures.hpp"

#include <fmt/format.h>

namespace issu::report {

using Json = nlohmann::ordered_json;

namespace {

const Json* find(const Json& object, const char* key) {
  if (!object.is_object()) {
    return nullptr;
  }
  const auto value = object.find(key);
  return value == object.end() ? nullptr : &*value;
}

}  // namespace

std::string figure(const Json& object, const char* key, const char* unit, int digits) {
  const Json* value = find(object, key);
  if (value == nullptr || !value->is_number()) {
    return "not measured";
  }
  if (value->is_number_float()) {
    return fmt::format("{:.{}f}{}", value->get<double>(), digits, unit);
  }
  return fmt::format("{}{}", value->get<std::int64_t>(), unit);
}

std::string text_of(const Json& object, const char* key) {
  const Json* value = find(object, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

std::string known_text(const Json& object, const char* key) {
  const std::string text = text_of(object, key);
  return text.empty() ? "not known" : text;
}

std::string yes_no(const Json& object, const char* key) {
  const Json* value = find(object, key);
  if (value == nullptr || !value->is_boolean()) {
    return "not measured";
  }
  return value->get<bool>() ? "yes" : "no";
}

Json object_of(const Json& object, const char* key) {
  const Json* value = find(object, key);
  return value != nullptr && value->is_object() ? *value : Json::object();
}

Json list_of(const Json& object, const char* key) {
  const Json* value = find(object, key);
  return value != nullptr && value->is_array() ? *value : Json::array();
}

double number_of(const Json& object, const char* key) {
  const Json* value = find(object, key);
  return value != nullptr && value->is_number() ? value->get<double>() : 0;
}

bool flag_of(const Json& object, const char* key) {
  const Json* value = find(object, key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

bool is_measured(const Json& plane) {
  return flag_of(plane, "measured");
}

std::string withdrawn_routes(const Json& control_plane) {
  const Json sessions = list_of(control_plane, "sessions");
  if (sessions.empty()) {
    return "not measured";
  }
  std::int64_t sum = 0;
  for (const Json& session : sessions) {
    const Json* routes = find(session, "routes_withdrawn");
    if (routes == nullptr || !routes->is_number()) {
      return "not measured";
    }
    sum += routes->get<std::int64_t>();
  }
  return grouped(sum);
}

std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::ptrdiff_t first = number < 0 ? 1 : 0;
  for (auto place = static_cast<std::ptrdiff_t>(text.size()) - 3; place > first; place -= 3) {
    text.insert(static_cast<std::size_t>(place), ",");
  }
  return text;
}

std::string cut(const std::string& text, std::size_t most) {
  if (text.size() <= most) {
    return text;
  }
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return text.substr(0, end) + "…";
}

}  // namespace issu::report
