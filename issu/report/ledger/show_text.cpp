#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "issu/base/clock.hpp"
#include "issu/report/ledger/show.hpp"

namespace issu::ledger {
namespace {

std::string ms(const std::optional<double>& value) {
  return value ? fmt::format("{:.1f}", *value) : std::string("-");
}

void budgets_text(std::string& text, const Summary& summary) {
  std::vector<Balance> lines;
  std::copy_if(summary.balances.begin(), summary.balances.end(), std::back_inserter(lines),
               [](const Balance& line) { return line.budget_ms || line.upgrades != 0; });
  if (lines.empty()) {
    return;
  }
  text += fmt::format("\n  {:<28} {:<8} {:>12} {:>12} {:>13} {:>9} {:>9}\n", "budget, ms", "in",
                      "budget", "spent", "left", "upgrades", "unknown");
  bool unknown = false;
  for (const Balance& line : lines) {
    text += fmt::format("  {:<28} {:<8} {:>12} {:>12.1f} {:>13} {:>9} {:>9}\n",
                        (line.plane == "data" ? "data plane" : "control plane") +
                            (line.backend.empty() ? "" : ", " + line.backend),
                        line.period, ms(line.budget_ms), line.spent_ms, ms(line.left_ms()),
                        line.upgrades, line.unknown);
    unknown = unknown || line.unknown != 0;
  }
  if (unknown) {
    text += "  unknown: not measured, or not to their end; more was spent than stands there\n";
  }
}

std::string trend_text(const Statistic& statistic) {
  if (!statistic.trend) {
    return "-";
  }
  return fmt::format("{:.1f} after {:.1f}", statistic.trend->last, statistic.trend->before);
}

void figures_text(std::string& text, const Summary& summary) {
  if (summary.groups.empty()) {
    return;
  }
  text += fmt::format("\n  {:<28} {:>5} {:>8} {:>9} {:>9} {:>9} {:>9}  {}\n", "figure", "runs",
                      "measured", "50 %", "90 %", "99 %", "max", "last ten after those before");
  for (const Group& group : summary.groups) {
    for (const Statistic& statistic : group.statistics) {
      const char* name = statistic.what == "dark_ms"     ? "dark ms"
                         : statistic.what == "impact_ms" ? "loss ms"
                                                         : "lost packets";
      const auto& p = statistic.percentiles;
      const auto column = [&](double Percentiles::*which) {
        return p ? fmt::format("{:.1f}", (*p).*which) : std::string("-");
      };
      text +=
          fmt::format("  {:<28} {:>5} {:>8} {:>9} {:>9} {:>9} {:>9}  {}\n",
                      fmt::format("{} {}, {}", group.backend, group.strategy, name), group.runs,
                      statistic.measured, column(&Percentiles::p50), column(&Percentiles::p90),
                      column(&Percentiles::p99), column(&Percentiles::max), trend_text(statistic));
    }
  }
}

}  // namespace

std::string to_text(const Summary& summary) {
  const View& view = summary.view;
  std::string text =
      fmt::format("{}: {} run{}{}{}, {} measured in both planes, {} refused", view.title,
                  summary.runs, summary.runs == 1 ? "" : "s",
                  view.since ? " since " + iso_time(*view.since).substr(0, 10) : std::string(),
                  summary.drills == 0 ? "" : fmt::format(" ({} of drills)", summary.drills),
                  summary.measured, summary.refused);
  text += view.backend.empty() ? "\n" : ", backend " + view.backend + "\n";
  budgets_text(text, summary);
  figures_text(text, summary);
  text += "\n";
  if (summary.predicted != 0) {
    text += fmt::format("  {} of {} predicted dark times lay in their interval\n", summary.inside,
                        summary.predicted);
  }
  if (summary.over_budget != 0) {
    text += fmt::format("  {} ran over the budget because a person said so\n", summary.over_budget);
  }
  if (summary.drills != 0) {
    text += "  drills are not debited from any budget\n";
  }
  if (summary.dates.later_than_now != 0) {
    text += fmt::format(
        "  {} dated later than now: the clock was set; they count in this month and year, too\n",
        summary.dates.later_than_now);
  }
  if (summary.dates.set_back != 0) {
    text += fmt::format("  {} dated earlier than the one before: the clock was set back\n",
                        summary.dates.set_back);
  }
  return text;
}

}  // namespace issu::ledger
