#include "issu/report/ledger/dates.hpp"

#include <doctest/doctest.h>

#include "issu/base/clock.hpp"

namespace issu::ledger {
namespace {

TEST_CASE("dates are read as UTC, and as iso_time writes them") {
  CHECK(wall_of("1970-01-01") == 0);
  CHECK(wall_of("1970-01-02T00:00:01Z") == 86'401'000'000'000);
  for (const std::int64_t wall : {0LL, 1'769'860'800'123'000'000LL, 4'102'444'799'999'000'000LL}) {
    CHECK(wall_of(iso_time(wall)) == wall);
  }
}

TEST_CASE("what is no date is none") {
  for (const char* text :
       {"", "2026", "2026-1-1", "2026-02-30", "2026-13-01", "2026-01-00", "2026-01-31x",
        "2026-01-31T25:00:00Z", "2026-01-31T12:00:00", "2026-01-31T12:00:00.1Z", "yesterday"}) {
    CAPTURE(text);
    CHECK_FALSE(wall_of(text));
  }
}

TEST_CASE("months and years of the calendar: the end belongs to the next") {
  const Span december = month_with(*wall_of("2026-12-31T23:59:59.999Z"));
  CHECK(december.name == "2026-12");
  CHECK(december.begin == *wall_of("2026-12-01"));
  CHECK(december.end == *wall_of("2027-01-01"));
  CHECK_FALSE(december.has(december.end));
  CHECK(month_with(*wall_of("2027-01-01")).name == "2027-01");
  const Span year = year_with(*wall_of("2026-02-28"));
  CHECK(year.name == "2026");
  CHECK(year.begin == *wall_of("2026-01-01"));
  CHECK(year.end == *wall_of("2027-01-01"));
  CHECK(month_with(-1).name == "1969-12");
}

}  // namespace
}  // namespace issu::ledger
