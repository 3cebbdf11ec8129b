#include "issu/report/ledger/show.hpp"

#include <algorithm>
#include <map>

#include "issu/base/clock.hpp"

namespace issu::ledger {
namespace {

Group group_of(const std::vector<const Entry*>& runs) {
  Group group{runs.front()->backend, runs.front()->strategy, runs.size(), {}};
  const auto add = [&](const char* what, auto figure) {
    std::vector<double> values;
    for (const Entry* run : runs) {
      if (const auto value = figure(*run); value) {
        values.push_back(static_cast<double>(*value));
      }
    }
    group.statistics.push_back({what, values.size(), percentiles_of(values), trend_of(values)});
  };
  add("dark_ms", [](const Entry& run) { return run.dark_ms; });
  add("impact_ms", [](const Entry& run) { return run.impact_ms; });
  add("lost", [](const Entry& run) { return run.lost; });
  return group;
}

using Json = nlohmann::ordered_json;

Json statistic_json(const Statistic& statistic) {
  Json json{{"measured", statistic.measured},
            {"p50", nullptr},
            {"p90", nullptr},
            {"p99", nullptr},
            {"max", nullptr},
            {"trend", nullptr}};
  if (const auto& p = statistic.percentiles; p) {
    json["p50"] = p->p50;
    json["p90"] = p->p90;
    json["p99"] = p->p99;
    json["max"] = p->max;
  }
  if (statistic.trend) {
    json["trend"] = {{"last_ten", statistic.trend->last}, {"before", statistic.trend->before}};
  }
  return json;
}

}  // namespace

std::vector<Entry> in_view(const std::vector<Entry>& entries, const View& view) {
  std::vector<Entry> chosen;
  std::copy_if(entries.begin(), entries.end(), std::back_inserter(chosen), [&](const Entry& each) {
    return (!view.since || each.started >= *view.since) &&
           (view.backend.empty() || each.backend == view.backend);
  });
  return chosen;
}

Summary summary_of(const std::vector<Entry>& entries, const Sla& sla, View view) {
  Summary summary;
  summary.balances = balance(entries, sla, view.now);
  if (!view.backend.empty()) {
    std::erase_if(summary.balances, [&](const Balance& line) {
      return !line.backend.empty() && line.backend != view.backend;
    });
  }
  summary.dates = strange_dates(entries, view.now);
  const auto chosen = in_view(entries, view);
  std::map<std::pair<std::string, std::string>, std::vector<const Entry*>> groups;
  for (const Entry& entry : chosen) {
    if (!entry.ran()) {
      ++summary.refused;
      continue;
    }
    ++summary.runs;
    summary.measured += entry.impact_ms && entry.dark_ms && !entry.partial ? 1 : 0;
    summary.drills += entry.origin == Origin::drill ? 1 : 0;
    summary.over_budget += entry.over_budget ? 1 : 0;
    const Predicted& dark = entry.predicted_dark;
    if (dark.low && dark.high && entry.dark_ms) {
      ++summary.predicted;
      summary.inside += *dark.low <= *entry.dark_ms && *entry.dark_ms <= *dark.high ? 1 : 0;
    }
    groups[{entry.backend, entry.strategy}].push_back(&entry);
  }
  for (const auto& [names, runs] : groups) {
    summary.groups.push_back(group_of(runs));
  }
  summary.view = std::move(view);
  return summary;
}

Json to_json(const Summary& summary) {
  const View& view = summary.view;
  Json json{
      {"of", view.title},
      {"now", iso_time(view.now)},
      {"since", view.since ? Json(iso_time(*view.since)) : Json(nullptr)},
      {"backend", view.backend.empty() ? Json(nullptr) : Json(view.backend)},
      {"runs", summary.runs},
      {"measured", summary.measured},
      {"refused", summary.refused},
      {"drills", summary.drills},
      {"over_budget", summary.over_budget},
      {"budgets", to_json(summary.balances)},
      {"figures", Json::array()},
      {"predictions", {{"judged", summary.predicted}, {"inside", summary.inside}}},
      {"dates",
       {{"later_than_now", summary.dates.later_than_now}, {"set_back", summary.dates.set_back}}}};
  for (const Group& group : summary.groups) {
    Json figures{{"backend", group.backend}, {"strategy", group.strategy}, {"runs", group.runs}};
    for (const Statistic& statistic : group.statistics) {
      figures[statistic.what] = statistic_json(statistic);
    }
    json["figures"].push_back(std::move(figures));
  }
  return json;
}

}  // namespace issu::ledger
