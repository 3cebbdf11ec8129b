#include "issu/report/ledger/csv.hpp"

#include <fmt/format.h>

#include "issu/base/clock.hpp"

namespace issu::ledger {
namespace {

std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  }
  return quoted + "\"";
}

template <typename T>
std::string field(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : std::string();
}

}  // namespace

std::string to_csv(const std::vector<Entry>& entries) {
  std::string text =
      "sequence,router,id,origin,scenario,step,backend,strategy,kind,from,to,outcome,started,"
      "duration_s,clock_stepped_s,boot,lost,impact_ms,dark_ms,sessions_down,partial,over_budget,"
      "predicted_dark_ms,predicted_dark_low_ms,predicted_dark_high_ms,predicted_impact_ms,"
      "predicted_impact_low_ms,predicted_impact_high_ms,predicted_runs,budget_month_ms,"
      "budget_year_ms,budget_dark_month_ms,budget_dark_year_ms,routes,memory_bytes,sessions\r\n";
  for (const Entry& e : entries) {
    const std::string fields[] = {std::to_string(e.sequence),
                                  field(e.router),
                                  field(e.id),
                                  e.origin == Origin::drill ? "drill" : "upgrade",
                                  field(e.scenario),
                                  field(e.step),
                                  field(e.backend),
                                  field(e.strategy),
                                  field(e.kind),
                                  field(e.from),
                                  field(e.to),
                                  field(e.outcome),
                                  iso_time(e.started),
                                  field(e.duration_s),
                                  field(e.stepped_s),
                                  field(e.boot),
                                  field(e.lost),
                                  field(e.impact_ms),
                                  field(e.dark_ms),
                                  field(e.sessions_down),
                                  e.partial ? "1" : "0",
                                  e.over_budget ? "1" : "0",
                                  field(e.predicted_dark.expected),
                                  field(e.predicted_dark.low),
                                  field(e.predicted_dark.high),
                                  field(e.predicted_impact.expected),
                                  field(e.predicted_impact.low),
                                  field(e.predicted_impact.high),
                                  field(e.predicted_runs),
                                  field(e.budget_month_ms),
                                  field(e.budget_year_ms),
                                  field(e.budget_dark_month_ms),
                                  field(e.budget_dark_year_ms),
                                  field(e.size.routes),
                                  field(e.size.memory),
                                  field(e.size.sessions)};
    text += fmt::format("{}\r\n", fmt::join(fields, ","));
  }
  return text;
}

}  // namespace issu::ledger
