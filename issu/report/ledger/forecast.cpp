#include "issu/report/ledger/forecast.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "issu/report/ledger/statistics.hpp"

namespace issu::ledger {
namespace {

/// Sizes that differ by less teach nothing about size.
constexpr double least_spread = 1.2;

struct Run {
  double cost;
  Size size;
};

using Measure = std::optional<std::uint64_t> Size::*;

/// Which from each end bounds the interval: the furthest in that leaves 90 %, else the outermost.
std::size_t cut_of(std::size_t runs) {
  return std::max<std::size_t>(1, (runs + 1) / 20);
}

void set_interval(Figure& figure, std::vector<double> costs) {
  if (costs.size() < 2) {
    return;
  }
  std::sort(costs.begin(), costs.end());
  const std::size_t cut = cut_of(costs.size());
  figure.low = std::max(costs[cut - 1], 0.0);
  figure.high = std::max(costs[costs.size() - cut], 0.0);
  const double n = static_cast<double>(costs.size());
  figure.coverage = (n + 1 - 2 * static_cast<double>(cut)) / (n + 1);
}

double spread_of(const std::vector<double>& costs) {
  const double middle = median_of(costs);
  std::vector<double> distances;
  for (const double cost : costs) {
    distances.push_back(std::abs(cost - middle));
  }
  return median_of(std::move(distances));
}

/// The median of the slopes between any two runs (Theil, Sen): single runs that went otherwise do
/// not move it. 0 where there is none, or it falls.
double slope_of(const std::vector<Run>& runs, Measure measure) {
  std::vector<double> slopes;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (std::size_t j = i + 1; j < runs.size(); ++j) {
      const double dx = static_cast<double>(*(runs[j].size.*measure)) -
                        static_cast<double>(*(runs[i].size.*measure));
      if (dx != 0) {
        slopes.push_back((runs[j].cost - runs[i].cost) / dx);
      }
    }
  }
  return slopes.empty() ? 0 : std::max(median_of(std::move(slopes)), 0.0);
}

/// The costs as they would have been at the size of now, where size explains at least half of how
/// they differ; else none.
std::vector<double> scaled(const std::vector<Run>& runs, Measure measure, const Size& now,
                           bool& beyond) {
  if (runs.size() < forecast_scales_from || !(now.*measure)) {
    return {};
  }
  std::uint64_t least = UINT64_MAX;
  std::uint64_t most = 0;
  for (const Run& run : runs) {
    const auto& size = run.size.*measure;
    if (!size) {
      return {};
    }
    least = std::min(least, *size);
    most = std::max(most, *size);
  }
  if (static_cast<double>(most) < static_cast<double>(least) * least_spread || most == 0) {
    return {};
  }
  const double slope = slope_of(runs, measure);
  std::vector<double> costs;
  std::vector<double> unscaled;
  for (const Run& run : runs) {
    const double further =
        static_cast<double>(*(now.*measure)) - static_cast<double>(*(run.size.*measure));
    costs.push_back(std::max(run.cost + slope * further, 0.0));
    unscaled.push_back(run.cost);
  }
  if (slope <= 0 || spread_of(costs) > spread_of(unscaled) / 2) {
    return {};
  }
  beyond = *(now.*measure) < least || *(now.*measure) > most;
  return costs;
}

std::optional<Figure> figure_of(const std::vector<Run>& runs, const Size& now) {
  if (runs.empty()) {
    return std::nullopt;
  }
  std::vector<double> costs;
  for (const Run& run : runs) {
    costs.push_back(run.cost);
  }
  Figure figure;
  figure.runs = runs.size();
  for (const auto& [name, measure] :
       {std::pair{"routes", &Size::routes}, std::pair{"memory", &Size::memory},
        std::pair{"sessions", &Size::sessions}}) {
    bool beyond = false;
    auto at_this_size = scaled(runs, measure, now, beyond);
    if (!at_this_size.empty() && spread_of(at_this_size) < spread_of(costs)) {
      costs = std::move(at_this_size);
      figure.scaled_by = name;
      figure.beyond = beyond;
    }
  }
  figure.expected = median_of(costs);
  set_interval(figure, std::move(costs));
  return figure;
}

}  // namespace

Forecast forecast(const std::vector<Entry>& entries, const Question& question) {
  Forecast answer;
  std::vector<Run> dark;
  std::vector<Run> impact;
  std::size_t went_back = 0;
  for (auto entry = entries.rbegin(); entry != entries.rend() && answer.runs < forecast_looks_at;
       ++entry) {
    if (entry->router != question.router || entry->backend != question.backend ||
        entry->strategy != question.strategy || entry->kind != question.kind || !entry->ran() ||
        entry->partial) {
      continue;
    }
    if (entry->outcome != "committed") {
      ++went_back;
      continue;
    }
    ++answer.runs;
    if (entry->dark_ms) {
      dark.push_back({*entry->dark_ms, entry->size});
    }
    if (entry->impact_ms) {
      impact.push_back({*entry->impact_ms, entry->size});
    }
  }
  answer.dark_ms = figure_of(dark, question.size);
  answer.impact_ms = figure_of(impact, question.size);
  if (!answer.dark_ms || !answer.impact_ms) {
    const char* what = answer.dark_ms     ? "the data plane's loss"
                       : answer.impact_ms ? "the control plane's dark time"
                                          : "either plane";
    answer.why_not = fmt::format(
        "nothing to go by for {}: {} upgrades of this router by strategy {} on backend "
        "{} were committed{}{}",
        what, answer.runs == 0 ? "no" : std::to_string(answer.runs), question.strategy,
        question.backend, answer.runs == 0 ? "" : ", and it was not measured",
        went_back == 0 ? "" : fmt::format("; {} went back", went_back));
  }
  return answer;
}

std::string to_text(const Figure& figure) {
  std::string text = fmt::format("{:.1f} ms (", figure.expected);
  if (figure.low && figure.high) {
    text += fmt::format("{:.1f} to {:.1f} ms with {:.0f} %, ", *figure.low, *figure.high,
                        figure.coverage * 100);
  }
  text += fmt::format("by {} run{}", figure.runs, figure.runs == 1 ? "" : "s");
  if (!figure.scaled_by.empty()) {
    text += fmt::format(", scaled by {}{}", figure.scaled_by,
                        figure.beyond ? ", a size that none of them had" : "");
  }
  return text + ")";
}

}  // namespace issu::ledger
