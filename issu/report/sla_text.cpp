#include "issu/report/sla_text.hpp"

#include <fmt/format.h>

#include <optional>

namespace issu::report {
namespace {

using Json = nlohmann::ordered_json;

std::optional<double> number(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? std::optional(found->get<double>())
                                                   : std::nullopt;
}

std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string figure_text(const char* what, const Json& figure) {
  const auto low = number(figure, "low");
  const auto high = number(figure, "high");
  std::string text =
      fmt::format("  predicted      {} {:.1f} ms", what, number(figure, "expected").value_or(0));
  if (low && high) {
    text += fmt::format(" ({:.1f} to {:.1f} with {:.0f} %)", *low, *high,
                        number(figure, "coverage").value_or(0) * 100);
  }
  const double runs = number(figure, "runs").value_or(0);
  text += fmt::format(" by {:.0f} run{}", runs, runs == 1 ? "" : "s");
  if (const auto measured = number(figure, "measured"); measured) {
    text += fmt::format(": {:.1f} ms measured, {:+.1f}", *measured,
                        number(figure, "error").value_or(0));
    if (const auto inside = figure.find("inside"); inside != figure.end() && inside->is_boolean()) {
      text += inside->get<bool>() ? ", inside" : ", outside";
    }
  } else if (figure.contains("measured")) {
    text += ": not measured";
  }
  return text + "\n";
}

void forecast_text(std::string& text, const Json& forecast) {
  for (const auto& [key, what] :
       {std::pair{"dark_ms", "dark time"}, std::pair{"impact_ms", "loss"}}) {
    if (const auto figure = forecast.find(key); figure != forecast.end() && figure->is_object()) {
      text += figure_text(what, *figure);
    }
  }
  if (const std::string why = text_of(forecast, "why_not"); !why.empty()) {
    text += "  predicted      " + why + "\n";
  }
}

void budgets_text(std::string& text, const Json& budgets) {
  for (const Json& line : budgets) {
    const auto budget = number(line, "budget_ms");
    const auto left = number(line, "left_ms");
    if (!budget || !left) {
      continue;
    }
    const std::string backend = text_of(line, "backend");
    const double unknown = number(line, "unknown").value_or(0);
    text += fmt::format("  SLA            {} plane{}, {}: {:.1f} of {:.1f} ms left{}\n",
                        text_of(line, "plane"), backend.empty() ? "" : " (" + backend + ")",
                        text_of(line, "period"), *left, *budget,
                        unknown == 0 ? "" : fmt::format(", {:.0f} upgrades unknown", unknown));
  }
}

}  // namespace

std::string sla_text(const Json& sla) {
  std::string text;
  if (!sla.is_object()) {
    return text;
  }
  if (const auto forecast = sla.find("forecast"); forecast != sla.end() && forecast->is_object()) {
    forecast_text(text, *forecast);
  }
  if (const auto budgets = sla.find("budgets"); budgets != sla.end() && budgets->is_array()) {
    budgets_text(text, *budgets);
  }
  return text;
}

}  // namespace issu::report
