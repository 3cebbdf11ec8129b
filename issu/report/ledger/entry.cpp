#include "issu/report/ledger/entry.hpp"

#include "issu/report/ledger/dates.hpp"

namespace issu::ledger {
namespace {

using Json = nlohmann::ordered_json;

/// What stands below the keys, one below the other; nullptr: nothing.
const Json* at(const Json& json, std::initializer_list<const char*> keys) {
  const Json* place = &json;
  for (const char* key : keys) {
    if (!place->is_object()) {
      return nullptr;
    }
    const auto found = place->find(key);
    if (found == place->end()) {
      return nullptr;
    }
    place = &*found;
  }
  return place;
}

std::string text(const Json& json, std::initializer_list<const char*> keys) {
  const Json* found = at(json, keys);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<double> number(const Json& json, std::initializer_list<const char*> keys) {
  const Json* found = at(json, keys);
  return found != nullptr && found->is_number() ? std::optional(found->get<double>())
                                                : std::nullopt;
}

std::optional<std::uint64_t> count(const Json& json, std::initializer_list<const char*> keys) {
  const Json* found = at(json, keys);
  if (found == nullptr || !found->is_number_integer() ||
      (!found->is_number_unsigned() && found->get<std::int64_t>() < 0)) {
    return std::nullopt;
  }
  return found->get<std::uint64_t>();
}

bool is_true(const Json& json, std::initializer_list<const char*> keys) {
  const Json* found = at(json, keys);
  return found != nullptr && found->is_boolean() && found->get<bool>();
}

Predicted predicted(const Json& document, const char* what) {
  return {number(document, {"sla", "forecast", what, "expected"}),
          number(document, {"sla", "forecast", what, "low"}),
          number(document, {"sla", "forecast", what, "high"})};
}

/// How many sessions went down; no value when one of them is not known.
std::optional<std::uint64_t> sessions_down(const Json& document) {
  const Json* sessions = at(document, {"control_plane", "sessions"});
  if (sessions == nullptr || !sessions->is_array() || sessions->empty()) {
    return std::nullopt;
  }
  std::uint64_t down = 0;
  for (const Json& session : *sessions) {
    const Json* went = at(session, {"went_down"});
    if (went == nullptr || !went->is_boolean()) {
      return std::nullopt;
    }
    down += went->get<bool>() ? 1 : 0;
  }
  return down;
}

Size size_of(const Json& document) {
  Size size{count(document, {"sla", "forecast", "size", "routes"}),
            count(document, {"sla", "forecast", "size", "memory_bytes"}),
            count(document, {"sla", "forecast", "size", "sessions"})};
  if (!size.routes) {
    size.routes = count(document, {"npu", "routes_before"});
  }
  if (!size.memory) {
    size.memory = count(document, {"control_plane", "saved_bytes"});
  }
  return size;
}

std::optional<double> budget(const Json& document, const char* plane, const char* period) {
  const Json* lines = at(document, {"sla", "budgets"});
  if (lines == nullptr || !lines->is_array()) {
    return std::nullopt;
  }
  for (const Json& line : *lines) {
    if (text(line, {"plane"}) == plane && text(line, {"per"}) == period &&
        text(line, {"backend"}).empty()) {
      return number(line, {"budget_ms"});
    }
  }
  return std::nullopt;
}

}  // namespace

Entry entry_of(const Json& document) {
  Entry entry;
  entry.router = text(document, {"router"});
  entry.id = text(document, {"id"});
  entry.backend = text(document, {"backend"});
  entry.strategy = text(document, {"strategy"});
  entry.kind = text(document, {"kind"});
  entry.from = text(document, {"from"});
  entry.to = text(document, {"to"});
  entry.outcome = text(document, {"outcome"});
  entry.started = wall_of(text(document, {"started"})).value_or(0);
  entry.duration_s = number(document, {"clock", "duration_s"});
  entry.stepped_s = number(document, {"clock", "stepped_s"});
  entry.boot = text(document, {"clock", "boot"});
  if (is_true(document, {"data_plane", "measured"})) {
    entry.lost = count(document, {"data_plane", "lost"});
    entry.impact_ms = number(document, {"rfc7654", "tpl_ms"});
  }
  if (is_true(document, {"control_plane", "measured"})) {
    entry.dark_ms = number(document, {"control_plane", "dark_ms"});
    entry.sessions_down = sessions_down(document);
  }
  entry.partial = entry.outcome == "needs-operator";
  entry.over_budget = is_true(document, {"sla", "over_budget"});
  entry.predicted_dark = predicted(document, "dark_ms");
  entry.predicted_impact = predicted(document, "impact_ms");
  entry.predicted_runs = count(document, {"sla", "forecast", "runs"});
  entry.budget_month_ms = budget(document, "data", "month");
  entry.budget_year_ms = budget(document, "data", "year");
  entry.budget_dark_month_ms = budget(document, "control", "month");
  entry.budget_dark_year_ms = budget(document, "control", "year");
  entry.size = size_of(document);
  return entry;
}

}  // namespace issu::ledger
