#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "issu/report/ledger/balance.hpp"
#include "issu/report/ledger/statistics.hpp"

namespace issu::ledger {

/// What `issu sla show` is asked for.
struct View {
  std::string title;                  ///< of what: the router, or the ledger's file
  std::optional<std::int64_t> since;  ///< entries that began then or later
  std::string backend;                ///< only this one; empty: all
  std::int64_t now = 0;
};

/// One figure of one backend and strategy.
struct Statistic {
  std::string what;  ///< "dark_ms", "impact_ms", "lost"
  std::size_t measured = 0;
  std::optional<Percentiles> percentiles;
  std::optional<Trend> trend;
};
struct Group {
  std::string backend;
  std::string strategy;
  std::size_t runs = 0;  ///< that touched anything, whatever their outcome
  std::vector<Statistic> statistics;
};

struct Summary {
  View view;
  std::vector<Balance> balances;  ///< of all entries: a month's budget knows no `since`
  std::size_t runs = 0;           ///< by the view
  std::size_t measured = 0;       ///< of them, in both planes and to their end
  std::size_t refused = 0;
  std::size_t drills = 0;       ///< of the runs
  std::size_t over_budget = 0;  ///< that a person had run all the same
  std::size_t predicted = 0;    ///< whose dark time had an interval and was measured
  std::size_t inside = 0;       ///< of them, that lay in it
  std::vector<Group> groups;
  StrangeDates dates;
};

[[nodiscard]] Summary summary_of(const std::vector<Entry>& entries, const Sla& sla, View view);
/// The entries that a view has.
[[nodiscard]] std::vector<Entry> in_view(const std::vector<Entry>& entries, const View& view);

[[nodiscard]] nlohmann::ordered_json to_json(const Summary& summary);
[[nodiscard]] std::string to_text(const Summary& summary);

}  // namespace issu::ledger
