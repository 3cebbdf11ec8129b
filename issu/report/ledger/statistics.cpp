#include "issu/report/ledger/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace issu::ledger {

std::optional<Percentiles> percentiles_of(std::vector<double> values) {
  if (values.empty()) {
    return std::nullopt;
  }
  std::sort(values.begin(), values.end());
  const auto at = [&](double percent) {
    const double rank = std::ceil(percent / 100 * static_cast<double>(values.size()));
    return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
  };
  return Percentiles{at(50), at(90), at(99), values.back()};
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::optional<Trend> trend_of(const std::vector<double>& values) {
  if (values.size() < trend_last + trend_before) {
    return std::nullopt;
  }
  const auto cut = values.end() - static_cast<std::ptrdiff_t>(trend_last);
  return Trend{median_of({cut, values.end()}), median_of({values.begin(), cut})};
}

}  // namespace issu::ledger
