#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "issu/base/result.hpp"
#include "issu/report/ledger/budget.hpp"
#include "issu/report/ledger/entry.hpp"
#include "issu/report/ledger/forecast.hpp"

namespace issu::ledger {

/// One budget in one period of the calendar.
struct Balance {
  std::string plane;    ///< "data" or "control"
  std::string per;      ///< "month" or "year"
  std::string period;   ///< "2026-01", "2026"
  std::string backend;  ///< empty: all
  std::optional<double> budget_ms;
  double spent_ms = 0;         ///< of what was measured
  std::uint64_t upgrades = 0;  ///< in the period
  std::uint64_t unknown = 0;  ///< of them, not measured, or not to their end: they cost more than 0

  /// Below 0: more was spent than there was.
  [[nodiscard]] std::optional<double> left_ms() const {
    return budget_ms ? std::optional(*budget_ms - spent_ms) : std::nullopt;
  }
};

/// Each plane's month and year at `now` (nanoseconds since 1970): of all backends, then of each
/// that has entries or a budget of its own. Upgrades are debited, drills never.
///
/// An entry counts in the periods that its date lies in. A clock that was set can't hide one: what
/// is dated later than now, or was written behind an entry of the period and is dated before its
/// beginning, counts in it too.
[[nodiscard]] std::vector<Balance> balance(const std::vector<Entry>& entries, const Sla& sla,
                                           std::int64_t now);

/// Refuses a run of this backend that is predicted to cost more than what is left of any budget
/// (the upper end of the prediction counts; nothing is left of one that is overdrawn). Where
/// nothing is predicted, only an overdrawn budget refuses. All reasons at once.
[[nodiscard]] Result<void> affordable(const std::vector<Balance>& balances,
                                      const std::string& backend, const Forecast& forecast);

/// Entries whose date can't be: later than now, and earlier than the one written before it.
struct StrangeDates {
  std::uint64_t later_than_now = 0;
  std::uint64_t set_back = 0;
};
[[nodiscard]] StrangeDates strange_dates(const std::vector<Entry>& entries, std::int64_t now);

[[nodiscard]] nlohmann::ordered_json to_json(const std::vector<Balance>& balances);

}  // namespace issu::ledger
