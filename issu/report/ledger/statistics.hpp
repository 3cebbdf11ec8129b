#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace issu::ledger {

/// By the nearest rank: each is a value that was measured.
struct Percentiles {
  double p50 = 0;
  double p90 = 0;
  double p99 = 0;
  double max = 0;
};

/// No value for an empty list.
[[nodiscard]] std::optional<Percentiles> percentiles_of(std::vector<double> values);

/// The middle value; of an even number, the mean of the two. The list is not empty.
[[nodiscard]] double median_of(std::vector<double> values);

/// The newest ten beside those before them.
struct Trend {
  double last = 0;    ///< median of the newest ten
  double before = 0;  ///< median of all before
};
inline constexpr std::size_t trend_last = 10;
inline constexpr std::size_t trend_before = 3;  ///< there have to be so many

/// `values` in the order of time; no value while there are too few.
[[nodiscard]] std::optional<Trend> trend_of(const std::vector<double>& values);

}  // namespace issu::ledger
