#include "issu/report/ledger/forecast.hpp"

namespace issu::ledger {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json known(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json figure_json(const std::optional<Figure>& figure) {
  if (!figure) {
    return nullptr;
  }
  return {{"expected", figure->expected},
          {"low", known(figure->low)},
          {"high", known(figure->high)},
          {"coverage", figure->low ? Json(figure->coverage) : Json(nullptr)},
          {"runs", figure->runs},
          {"scaled_by", figure->scaled_by.empty() ? Json(nullptr) : Json(figure->scaled_by)},
          {"beyond", figure->beyond}};
}

std::optional<double> number(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? std::optional(found->get<double>())
                                                   : std::nullopt;
}

std::optional<Figure> figure_from(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_object()) {
    return std::nullopt;
  }
  Figure figure;
  figure.expected = number(*found, "expected").value_or(0);
  figure.low = number(*found, "low");
  figure.high = number(*found, "high");
  figure.coverage = number(*found, "coverage").value_or(0);
  figure.runs = static_cast<std::size_t>(number(*found, "runs").value_or(0));
  if (const auto by = found->find("scaled_by"); by != found->end() && by->is_string()) {
    figure.scaled_by = by->get<std::string>();
  }
  if (const auto beyond = found->find("beyond"); beyond != found->end() && beyond->is_boolean()) {
    figure.beyond = beyond->get<bool>();
  }
  return figure;
}

void judge(Json& forecast, const char* key, const std::optional<double>& measured) {
  const auto found = forecast.find(key);
  if (found == forecast.end() || !found->is_object()) {
    return;
  }
  Json& figure = *found;
  const auto expected = number(figure, "expected");
  const auto low = number(figure, "low");
  const auto high = number(figure, "high");
  figure["measured"] = known(measured);
  figure["error"] = measured && expected ? Json(*measured - *expected) : Json(nullptr);
  figure["inside"] =
      measured && low && high ? Json(*low <= *measured && *measured <= *high) : Json(nullptr);
}

}  // namespace

Json to_json(const Forecast& forecast, const Size& size) {
  Json json{{"runs", forecast.runs},
            {"dark_ms", figure_json(forecast.dark_ms)},
            {"impact_ms", figure_json(forecast.impact_ms)}};
  if (!forecast.why_not.empty()) {
    json["why_not"] = forecast.why_not;
  }
  json["size"] = {{"routes", known(size.routes)},
                  {"memory_bytes", known(size.memory)},
                  {"sessions", known(size.sessions)}};
  return json;
}

Forecast forecast_from(const Json& json) {
  Forecast forecast;
  if (!json.is_object()) {
    return forecast;
  }
  forecast.dark_ms = figure_from(json, "dark_ms");
  forecast.impact_ms = figure_from(json, "impact_ms");
  forecast.runs = static_cast<std::size_t>(number(json, "runs").value_or(0));
  if (const auto why = json.find("why_not"); why != json.end() && why->is_string()) {
    forecast.why_not = why->get<std::string>();
  }
  return forecast;
}

Json judged(const Json& forecast, const std::optional<double>& dark_ms,
            const std::optional<double>& impact_ms) {
  Json result = forecast;
  if (result.is_object()) {
    judge(result, "dark_ms", dark_ms);
    judge(result, "impact_ms", impact_ms);
  }
  return result;
}

}  // namespace issu::ledger
