#include "issu/report/ledger/statistics.hpp"

#include <doctest/doctest.h>

namespace issu::ledger {
namespace {

TEST_CASE("percentiles are values that were measured, by the nearest rank") {
  CHECK_FALSE(percentiles_of({}));
  const auto one = percentiles_of({7});
  CHECK(one->p50 == 7);
  CHECK(one->p99 == 7);
  std::vector<double> hundred;
  for (int value = 100; value >= 1; --value) {
    hundred.push_back(value);
  }
  const auto all = percentiles_of(hundred);
  CHECK(all->p50 == 50);
  CHECK(all->p90 == 90);
  CHECK(all->p99 == 99);
  CHECK(all->max == 100);
  CHECK(percentiles_of({1, 2, 3})->p50 == 2);
  CHECK(percentiles_of({1, 2, 3})->p90 == 3);
}

TEST_CASE("the trend is the newest ten beside those before, once there are enough") {
  std::vector<double> values{1, 2, 3, 4, 4, 4, 4, 4, 6, 6, 6, 6};
  CHECK_FALSE(trend_of(values));
  values.push_back(6);
  const auto trend = trend_of(values);
  REQUIRE(trend);
  CHECK(trend->before == 2);
  CHECK(trend->last == 5);
}

}  // namespace
}  // namespace issu::ledger
