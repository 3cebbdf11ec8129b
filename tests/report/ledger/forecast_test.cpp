#include "issu/report/ledger/forecast.hpp"

#include <doctest/doctest.h>

#include "tests/report/ledger/sample.hpp"

namespace issu::ledger {
namespace {

using testing::entry;

Question question(std::uint64_t routes = 100'000) {
  return {"edge1", "lxc", "restart", "rootfs", {routes, std::nullopt, 2}};
}

std::vector<Entry> runs(const std::vector<double>& dark) {
  std::vector<Entry> entries;
  for (const double value : dark) {
    entries.push_back(entry(static_cast<int>(entries.size())));
    entries.back().dark_ms = value;
  }
  return entries;
}

TEST_CASE("with nothing to go by it says so") {
  const auto none = forecast({}, question());
  CHECK_FALSE(none.dark_ms);
  CHECK_FALSE(none.impact_ms);
  CHECK(none.runs == 0);
  CHECK(none.why_not.find("no upgrades of this router by strategy restart on backend lxc") !=
        std::string::npos);

  auto entries = runs({400, 500});
  entries[0].outcome = "rolled-back";
  entries[1].impact_ms.reset();
  const auto half = forecast(entries, question());
  CHECK(half.dark_ms->expected == 500);
  CHECK_FALSE(half.impact_ms);
  CHECK(half.why_not.find("the data plane's loss") != std::string::npos);
  CHECK(half.why_not.find("1 went back") != std::string::npos);
}

TEST_CASE("only this router's committed runs of the same kind count") {
  auto entries = runs({100, 200, 300, 400, 500, 600, 700, 800});
  entries[0].router = "edge2";
  entries[1].backend = "vm";
  entries[2].strategy = "checkpoint";
  entries[3].kind = "kernel";
  entries[4].outcome = "rolled-back";
  entries[5].outcome = "refused";
  entries[6].partial = true;
  const auto answer = forecast(entries, question());
  CHECK(answer.runs == 1);
  CHECK(answer.dark_ms->expected == 800);
  CHECK_FALSE(answer.dark_ms->low);  // one run is no interval
}

TEST_CASE("the figure is the median, the interval says how probable it is") {
  const auto answer = forecast(runs({500, 300, 400}), question());
  REQUIRE(answer.dark_ms);
  CHECK(answer.dark_ms->expected == 400);
  CHECK(answer.dark_ms->low == 300);
  CHECK(answer.dark_ms->high == 500);
  CHECK(answer.dark_ms->coverage == doctest::Approx(0.5));
  CHECK(answer.dark_ms->runs == 3);
  CHECK(answer.impact_ms->high == 0);
  CHECK(answer.why_not.empty());
}

TEST_CASE("of 39 runs the outermost at each end is left out; only the newest 40 are looked at") {
  std::vector<double> dark{1e6};
  for (int value = 1; value <= 39; ++value) {
    dark.push_back(value);
  }
  auto entries = runs(dark);
  CHECK(forecast(entries, question()).dark_ms->runs == 40);
  entries.erase(entries.begin());
  const auto answer = forecast(entries, question());
  CHECK(answer.dark_ms->low == 2);
  CHECK(answer.dark_ms->high == 38);
  CHECK(answer.dark_ms->coverage == doctest::Approx(0.9));
  entries.insert(entries.begin(), 5, entry(99));
  CHECK(forecast(entries, question()).dark_ms->runs == 40);
}

TEST_CASE("the stated probability is that of the next run, by simulation") {
  // A million draws are not needed: 4,000 runs of 19 and one more, by a small generator of our own.
  std::uint64_t state = 42;
  const auto draw = [&] {
    state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    const double uniform = static_cast<double>(state >> 11U) / 9'007'199'254'740'992.0;
    return 300 + 100 * uniform * uniform * uniform;  // skewed
  };
  int inside = 0;
  constexpr int rounds = 4000;
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> dark;
    for (int run = 0; run < 19; ++run) {
      dark.push_back(draw());
    }
    const auto answer = forecast(runs(dark), question());
    const double next = draw();
    inside += *answer.dark_ms->low <= next && next <= *answer.dark_ms->high ? 1 : 0;
  }
  CHECK(static_cast<double>(inside) / rounds == doctest::Approx(0.9).epsilon(0.02));
}

TEST_CASE("where dark time follows the size, the figure is that of this size") {
  std::vector<double> dark;
  for (int run = 0; run < 8; ++run) {
    dark.push_back(200 + run * 100 + (run % 2 == 0 ? 5 : -5));
  }
  auto entries = runs(dark);
  for (std::size_t run = 0; run < entries.size(); ++run) {
    entries[run].size.routes = 100'000 * (run + 1);
  }
  const auto inside = forecast(entries, question(500'000));
  CHECK(inside.dark_ms->scaled_by == "routes");
  CHECK(inside.dark_ms->expected == doctest::Approx(600).epsilon(0.02));
  CHECK(*inside.dark_ms->high < 620);
  CHECK_FALSE(inside.dark_ms->beyond);
  const auto larger = forecast(entries, question(1'600'000));
  CHECK(larger.dark_ms->beyond);
  CHECK(larger.dark_ms->expected == doctest::Approx(1700).epsilon(0.02));
  // Seven are too few to tell.
  entries.pop_back();
  CHECK(forecast(entries, question(500'000)).dark_ms->scaled_by.empty());
}

TEST_CASE("a size that explains nothing, or that is not known, scales nothing") {
  auto entries = runs({410, 400, 405, 395, 402, 409, 398, 401, 404});
  for (std::size_t run = 0; run < entries.size(); ++run) {
    entries[run].size.routes = 100'000 * (run + 1);
  }
  CHECK(forecast(entries, question(900'000)).dark_ms->scaled_by.empty());
  for (std::size_t run = 0; run < entries.size(); ++run) {
    entries[run].dark_ms = 100.0 * static_cast<double>(run);
  }
  CHECK(forecast(entries, question()).dark_ms->scaled_by == "routes");
  entries[3].size.routes.reset();
  CHECK(forecast(entries, question()).dark_ms->scaled_by.empty());
  Question unknown = question();
  unknown.size = {};
  CHECK(forecast(entries, unknown).dark_ms->scaled_by.empty());
}

TEST_CASE("how good it was: inside or not, and by how much it was off") {
  const auto json = to_json(forecast(runs({500, 300, 400}), question()), question().size);
  CHECK(json["size"]["routes"] == 100'000);
  CHECK(json["size"]["memory_bytes"].is_null());
  auto good = judged(json, 480.0, 0.0);
  CHECK(good["dark_ms"]["inside"] == true);
  CHECK(good["dark_ms"]["error"] == 80.0);
  CHECK(good["impact_ms"]["inside"] == true);
  const auto bad = judged(json, 501.0, std::nullopt);
  CHECK(bad["dark_ms"]["inside"] == false);
  CHECK(bad["impact_ms"]["measured"].is_null());
  CHECK(bad["impact_ms"]["inside"].is_null());
  CHECK(bad["impact_ms"]["error"].is_null());
  CHECK(judged(to_json(forecast({}, question()), {}), 1.0, 1.0)["dark_ms"].is_null());
}

}  // namespace
}  // namespace issu::ledger
