#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>

#include "issu/measure/limit.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;
using namespace issu::measure;

namespace {

/// The search on a machine that holds everything up to `limit`.
Limit search(double limit, LimitOptions options = {}) {
  Limit found;
  while (const auto pps = next_rate(options, found.trials)) {
    found.trials.push_back({*pps, *pps, *pps <= limit, *pps <= limit ? "" : "lost"});
    REQUIRE(found.trials.size() < 50);
  }
  found.pps = held_rate(found.trials);
  return found;
}

}  // namespace

TEST_CASE("the search ends within a tenth under the limit") {
  for (const double limit : {10'000.0, 33'333.0, 100'000.0, 317'000.0, 999'999.0}) {
    CAPTURE(limit);
    const Limit found = search(limit);
    REQUIRE(found.pps);
    CHECK(*found.pps <= limit);
    CHECK(*found.pps >= limit / 1.1 - 1000);
    CHECK(found.trials.size() <= 14);
  }
}

TEST_CASE("a machine that holds nothing, and one that holds all") {
  const Limit nothing = search(5'000);
  CHECK_FALSE(nothing.pps);
  CHECK(nothing.trials.size() == 1);
  CHECK(limit_to_json(nothing).find("\"held_pps\": null") != std::string::npos);
  CHECK(search(1e9).pps == 1'000'000);
}

TEST_CASE("the rate is kept as JSON; what is no rate is none") {
  const tests::TempDir folder;
  const auto file = folder.path() / "limit.json";
  CHECK_FALSE(kept_limit(file));
  std::ofstream(file) << limit_to_json(search(50'000));
  CHECK(kept_limit(file) == search(50'000).pps);
  std::ofstream(file) << limit_to_json(search(1));
  CHECK_FALSE(kept_limit(file));
  std::ofstream(file) << "{\"held_pps\": \"many\"}";
  CHECK_FALSE(kept_limit(file));
  std::ofstream(file) << "torn {";
  CHECK_FALSE(kept_limit(file));
}
