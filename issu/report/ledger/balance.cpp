#include "issu/report/ledger/balance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "issu/base/reasons.hpp"
#include "issu/report/ledger/dates.hpp"

namespace issu::ledger {
namespace {

/// Which entries can't be told to lie outside of the period.
std::vector<bool> in_period(const std::vector<Entry>& entries, const Span& span, std::int64_t now) {
  std::vector<bool> counts;
  bool seen_inside = false;
  for (const Entry& entry : entries) {
    const bool inside = span.has(entry.started) && entry.started <= now;
    counts.push_back(inside || entry.started > now || (seen_inside && entry.started < span.begin));
    seen_inside = seen_inside || inside;
  }
  return counts;
}

void debit(Balance& balance, const Entry& entry) {
  const auto& cost = balance.plane == "data" ? entry.impact_ms : entry.dark_ms;
  ++balance.upgrades;
  balance.spent_ms += cost.value_or(0);
  balance.unknown += !cost || entry.partial ? 1 : 0;
}

const char* words_of(const std::string& plane) {
  return plane == "data" ? "the data plane" : "the control plane";
}

}  // namespace

std::vector<Balance> balance(const std::vector<Entry>& entries, const Sla& sla, std::int64_t now) {
  std::set<std::string> backends;
  for (const auto& [name, budget] : sla.backends) {
    backends.insert(name);
  }
  for (const Entry& entry : entries) {
    if (entry.origin == Origin::upgrade && entry.ran() && !entry.backend.empty()) {
      backends.insert(entry.backend);
    }
  }
  std::vector<Balance> all;
  const auto add = [&](const std::string& backend, const Budget& budget) {
    for (const bool data : {true, false}) {
      const Limit& limit = data ? budget.data_plane : budget.control_plane;
      for (const bool month : {true, false}) {
        const Span span = month ? month_with(now) : year_with(now);
        const auto counts = in_period(entries, span, now);
        Balance line{data ? "data" : "control", month ? "month" : "year", span.name, backend,
                     month ? limit.month : limit.year};
        for (std::size_t i = 0; i < entries.size(); ++i) {
          const Entry& entry = entries[i];
          if (counts[i] && entry.origin == Origin::upgrade && entry.ran() &&
              (backend.empty() || entry.backend == backend)) {
            debit(line, entry);
          }
        }
        all.push_back(std::move(line));
      }
    }
  };
  add("", sla.all);
  for (const std::string& backend : backends) {
    const auto own = sla.backends.find(backend);
    add(backend, own == sla.backends.end() ? Budget{} : own->second);
  }
  return all;
}

Result<void> affordable(const std::vector<Balance>& balances, const std::string& backend,
                        const Forecast& forecast) {
  Reasons reasons;
  for (const Balance& line : balances) {
    const auto left = line.left_ms();
    if (!left || (!line.backend.empty() && line.backend != backend)) {
      continue;
    }
    const std::string which =
        fmt::format("the SLA budget of {} for {}{}", words_of(line.plane), line.period,
                    line.backend.empty() ? "" : " of backend " + line.backend);
    const auto& figure = line.plane == "data" ? forecast.impact_ms : forecast.dark_ms;
    const char* hint =
        "wait for the next period, raise it in [sla], or run it all the same with --over-budget";
    if (!figure) {
      if (*left < 0) {
        reasons.add(fmt::format("{} is overdrawn by {:.1f} ms, and nothing says what this run "
                                "would cost",
                                which, -*left),
                    hint);
      }
      continue;
    }
    const double cost = figure->high.value_or(figure->expected);
    if (cost > std::max(*left, 0.0)) {
      reasons.add(fmt::format("this run is predicted to cost {:.1f} ms (up to {:.1f} ms), and {} "
                              "has {:.1f} of {:.1f} ms left",
                              figure->expected, cost, which, *left, *line.budget_ms),
                  hint);
    }
  }
  return std::move(reasons).result();
}

StrangeDates strange_dates(const std::vector<Entry>& entries, std::int64_t now) {
  StrangeDates strange;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    strange.later_than_now += entries[i].started > now ? 1 : 0;
    strange.set_back += i > 0 && entries[i].started < entries[i - 1].started ? 1 : 0;
  }
  return strange;
}

nlohmann::ordered_json to_json(const std::vector<Balance>& balances) {
  auto list = nlohmann::ordered_json::array();
  const auto known = [](const std::optional<double>& value) {
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
  };
  for (const Balance& line : balances) {
    list.push_back({{"plane", line.plane},
                    {"per", line.per},
                    {"period", line.period},
                    {"backend", line.backend},
                    {"budget_ms", known(line.budget_ms)},
                    {"spent_ms", line.spent_ms},
                    {"left_ms", known(line.left_ms())},
                    {"upgrades", line.upgrades},
                    {"unknown", line.unknown}});
  }
  return list;
}

}  // namespace issu::ledger
