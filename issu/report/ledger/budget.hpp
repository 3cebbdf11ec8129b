#pragma once

#include <map>
#include <optional>
#include <string>

namespace issu::ledger {

/// A month of a budget: 30.44 days; twelve of them are its year.
inline constexpr double month_ms = 30.44 * 86'400'000;
inline constexpr double year_ms = 12 * month_ms;

/// How long something may be down, milliseconds. No value: no budget.
struct Limit {
  std::optional<double> month;
  std::optional<double> year;
};

/// What an availability of so many percent leaves.
[[nodiscard]] inline Limit limit_of(double availability_percent) {
  const double part = (100 - availability_percent) / 100;
  return {month_ms * part, year_ms * part};
}

struct Budget {
  Limit data_plane;     ///< of the impact time: lost / offered rate
  Limit control_plane;  ///< of the dark time
};

/// `[sla]` of router.toml. What an upgrade costs is debited from `all`, and from that of its
/// backend where there is one.
struct Sla {
  Budget all;
  std::map<std::string, Budget> backends;
};

}  // namespace issu::ledger
