#include "issu/report/ledger/balance.hpp"

#include <doctest/doctest.h>

#include "tests/report/ledger/sample.hpp"

namespace issu::ledger {
namespace {

using testing::entry;

const std::int64_t now = *wall_of("2026-11-27T08:00:00Z");

Entry cost(int number, const std::string& started, std::optional<double> impact_ms,
           std::optional<double> dark_ms = 0.0) {
  Entry result = entry(number, started);
  result.impact_ms = impact_ms;
  result.dark_ms = dark_ms;
  return result;
}

const Balance& line(const std::vector<Balance>& lines, const std::string& plane,
                    const std::string& per, const std::string& backend = "") {
  for (const Balance& each : lines) {
    if (each.plane == plane && each.per == per && each.backend == backend) {
      return each;
    }
  }
  FAIL("no such line");
  return lines.front();
}

Sla five_nines() {
  Sla sla;
  sla.all.data_plane = limit_of(99.999);
  return sla;
}

TEST_CASE("99.999 % are 26.3 s a month and 5 min 15 s a year") {
  const Limit limit = limit_of(99.999);
  CHECK(*limit.month == doctest::Approx(26'300.16));
  CHECK(*limit.year == doctest::Approx(315'601.92));
  CHECK(*limit_of(100).month == 0);
}

TEST_CASE("impact is debited from the month and the year of its date, by backend too") {
  Sla sla = five_nines();
  sla.backends["vm"].data_plane.month = 50;
  std::vector<Entry> entries{cost(1, "2025-12-31T23:00:00Z", 1000), cost(2, "2026-03-01", 200),
                             cost(3, "2026-11-01", 30), cost(4, "2026-11-26", 4, 700)};
  entries[3].backend = "vm";
  const auto lines = balance(entries, sla, now);
  CHECK(line(lines, "data", "month").period == "2026-11");
  CHECK(line(lines, "data", "month").spent_ms == 34);
  CHECK(*line(lines, "data", "month").left_ms() == doctest::Approx(26'266.16));
  CHECK(line(lines, "data", "year").spent_ms == 234);
  CHECK(line(lines, "data", "year").upgrades == 3);
  CHECK(line(lines, "data", "month", "vm").spent_ms == 4);
  CHECK(*line(lines, "data", "month", "vm").left_ms() == 46);
  CHECK(line(lines, "data", "month", "lxc").spent_ms == 30);
  CHECK_FALSE(line(lines, "data", "month", "lxc").left_ms());
  CHECK(line(lines, "control", "month").spent_ms == 700);
  CHECK_FALSE(line(lines, "control", "month").budget_ms);
}

TEST_CASE("what was not measured, or not to its end, is unknown and not zero") {
  std::vector<Entry> entries{cost(1, "2026-11-01", std::nullopt, std::nullopt),
                             cost(2, "2026-11-02", 10, 20), cost(3, "2026-11-03", 5, 6)};
  entries[2].partial = true;
  const auto lines = balance(entries, five_nines(), now);
  const Balance& data = line(lines, "data", "month");
  CHECK(data.upgrades == 3);
  CHECK(data.unknown == 2);
  CHECK(data.spent_ms == 15);
  CHECK(line(lines, "control", "month").unknown == 2);
}

TEST_CASE("drills are never debited, what was refused cost nothing") {
  std::vector<Entry> entries{cost(1, "2026-11-01", 10), cost(2, "2026-11-02", std::nullopt)};
  entries[0].origin = Origin::drill;
  entries[1].outcome = "refused";
  const auto lines = balance(entries, five_nines(), now);
  CHECK(line(lines, "data", "month").spent_ms == 0);
  CHECK(line(lines, "data", "month").upgrades == 0);
  CHECK(line(lines, "data", "month").unknown == 0);
}

TEST_CASE("a clock set back between two runs: both in their month, in the order of writing") {
  // The first ran while the clock was a month ahead.
  std::vector<Entry> entries{cost(1, "2026-12-24", 100), cost(2, "2026-11-25", 10)};
  CHECK(strange_dates(entries, now).set_back == 1);
  CHECK(strange_dates(entries, now).later_than_now == 1);
  // It can't have been later than now: until then it counts in this month, too.
  CHECK(line(balance(entries, five_nines(), now), "data", "month").spent_ms == 110);
  const std::int64_t december = *wall_of("2026-12-25");
  const auto later = balance(entries, five_nines(), december);
  CHECK(line(later, "data", "month").period == "2026-12");
  CHECK(line(later, "data", "month").upgrades == 2);  // the second was written behind the first
  CHECK(line(later, "data", "year").spent_ms == 110);
  const std::int64_t november_again = *wall_of("2026-11-30T23:00:00Z");
  CHECK(line(balance(entries, five_nines(), november_again), "data", "month").upgrades == 2);
}

TEST_CASE("a clock that starts in 1970 hides no cost once a run of this month is before it") {
  std::vector<Entry> entries{cost(1, "2026-10-01", 1), cost(2, "1970-01-01", 2),
                             cost(3, "2026-11-02", 30), cost(4, "1970-01-01T00:01:00Z", 400)};
  CHECK(line(balance(entries, five_nines(), now), "data", "month").spent_ms == 430);
  CHECK(strange_dates(entries, now).set_back == 2);
}

Forecast predicts(std::optional<double> impact, std::optional<double> high = std::nullopt) {
  Forecast forecast;
  if (impact) {
    forecast.impact_ms = Figure{*impact, 5, high ? std::optional(0.0) : std::nullopt, high, 0.66};
  }
  return forecast;
}

TEST_CASE("a run that may cost more than is left is refused, and only then") {
  Sla sla;
  sla.all.data_plane.month = 100;
  const auto left_40 = balance({cost(1, "2026-11-01", 60)}, sla, now);
  CHECK(affordable(left_40, "lxc", predicts(40)));
  CHECK(affordable(left_40, "lxc", predicts(10, 40)));
  CHECK(affordable(left_40, "lxc", predicts(std::nullopt)));
  const auto refused = affordable(left_40, "lxc", predicts(10, 41));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(refused.error().what().find("predicted to cost 10.0 ms (up to 41.0 ms)") !=
        std::string::npos);
  CHECK(refused.error().what().find("2026-11 has 40.0 of 100.0 ms left") != std::string::npos);
  CHECK(refused.error().hint().find("--over-budget") != std::string::npos);
}

TEST_CASE("an overdrawn budget: free runs pass, unknown ones do not") {
  Sla sla;
  sla.all.data_plane.month = 100;
  const auto overdrawn = balance({cost(1, "2026-11-01", 160)}, sla, now);
  CHECK(affordable(overdrawn, "lxc", predicts(0, 0)));
  CHECK_FALSE(affordable(overdrawn, "lxc", predicts(0, 1)));
  const auto refused = affordable(overdrawn, "lxc", predicts(std::nullopt));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what().find("overdrawn by 60.0 ms") != std::string::npos);
}

TEST_CASE("each plane and backend has its own say, all of them told at once") {
  Sla sla;
  sla.all.data_plane.month = 1;
  sla.all.control_plane.year = 1;
  sla.backends["vm"].data_plane.month = 0;
  const auto lines = balance({}, sla, now);
  Forecast forecast = predicts(0.5, 0.9);
  CHECK(affordable(lines, "lxc", forecast));
  CHECK_FALSE(affordable(lines, "vm", forecast));
  forecast.dark_ms = Figure{400, 5};
  const auto refused = affordable(lines, "vm", forecast);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().others().size() == 1);
  CHECK(refused.error().message().find("the control plane for 2026") != std::string::npos);
  CHECK(refused.error().message().find("of backend vm") != std::string::npos);
}

}  // namespace
}  // namespace issu::ledger
