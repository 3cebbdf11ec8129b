#include "issu/report/ledger/show.hpp"

#include <doctest/doctest.h>

#include "tests/report/ledger/sample.hpp"

namespace issu::ledger {
namespace {

using testing::entry;

View view() {
  View view;
  view.title = "edge1";
  view.now = *wall_of("2026-11-27T08:00:00Z");
  return view;
}

std::vector<Entry> some() {
  std::vector<Entry> entries;
  for (int number = 1; number <= 20; ++number) {
    entries.push_back(entry(number));
  }
  entries[0].started = *wall_of("2026-01-05");
  entries[1].backend = "vm";
  entries[1].strategy = "standby";
  entries[2].outcome = "refused";
  entries[3].dark_ms.reset();
  entries[4].predicted_dark = {400.0, 390.0, 410.0};
  entries[5].predicted_dark = {400.0, 300.0, 310.0};
  entries[6].over_budget = true;
  return entries;
}

TEST_CASE("runs, percentiles, trend and how good predictions were") {
  const Summary summary = summary_of(some(), {}, view());
  CHECK(summary.runs == 19);
  CHECK(summary.refused == 1);
  CHECK(summary.measured == 18);
  CHECK(summary.predicted == 2);
  CHECK(summary.inside == 1);
  CHECK(summary.over_budget == 1);
  REQUIRE(summary.groups.size() == 2);
  const Group& lxc = summary.groups[0];
  CHECK(lxc.runs == 18);
  CHECK(lxc.statistics[0].measured == 17);
  CHECK(lxc.statistics[0].percentiles->max == 420);
  CHECK(lxc.statistics[0].trend->last == 415.5);
  CHECK(lxc.statistics[1].percentiles->max == 0);
  CHECK_FALSE(summary.groups[1].statistics[0].trend);
}

TEST_CASE("since and backend bound the figures, not the budgets of their month and year") {
  View bounded = view();
  bounded.since = *wall_of("2026-11-10");
  bounded.backend = "lxc";
  Sla sla;
  sla.all.data_plane = limit_of(99.999);
  auto entries = some();
  entries[0].impact_ms = 100.0;
  const Summary summary = summary_of(entries, sla, bounded);
  CHECK(summary.runs == 17);
  REQUIRE(summary.groups.size() == 1);
  for (const Balance& line : summary.balances) {
    CHECK(line.backend != "vm");
    if (line.plane == "data" && line.per == "year" && line.backend.empty()) {
      CHECK(line.spent_ms == 100);
      CHECK(line.upgrades == 19);
    }
  }
  CHECK(in_view(entries, bounded).size() == 18);  // the refused one, too
}

TEST_CASE("the table says what is unknown; JSON has null where nothing was measured") {
  auto entries = some();
  entries[7].impact_ms.reset();
  entries[8].started = *wall_of("2027-01-01");
  Sla sla;
  sla.all.data_plane = limit_of(99.999);
  const Summary summary = summary_of(entries, sla, view());
  const std::string text = to_text(summary);
  CHECK(text.find("edge1: 19 runs, 17 measured in both planes, 1 refused") != std::string::npos);
  CHECK(text.find("26300.2") != std::string::npos);
  CHECK(text.find("not measured, or not to their end") != std::string::npos);
  CHECK(text.find("1 of 2 predicted dark times lay in their interval") != std::string::npos);
  CHECK(text.find("1 ran over the budget") != std::string::npos);
  CHECK(text.find("dated later than now") != std::string::npos);
  CHECK(text.find("the clock was set back") != std::string::npos);

  const auto empty = to_json(summary_of({}, {}, view()));
  CHECK(empty["runs"] == 0);
  CHECK(empty["budgets"][0]["left_ms"].is_null());
  Entry unmeasured = entry(1);
  unmeasured.dark_ms.reset();
  const auto json = to_json(summary_of({unmeasured}, {}, view()));
  CHECK(json["figures"][0]["dark_ms"]["measured"] == 0);
  CHECK(json["figures"][0]["dark_ms"]["p50"].is_null());
  CHECK(json["figures"][0]["lost"]["p50"] == 0);
  CHECK(to_text(summary_of({unmeasured}, {}, view())).find("dark ms") != std::string::npos);
}

TEST_CASE("drills are told apart from upgrades") {
  Entry drill = entry(1);
  drill.origin = Origin::drill;
  const std::string text = to_text(summary_of({drill}, {}, view()));
  CHECK(text.find("1 run (1 of drills)") != std::string::npos);
  CHECK(text.find("drills are not debited") != std::string::npos);
  CHECK(text.find("budget, ms") == std::string::npos);
}

}  // namespace
}  // namespace issu::ledger
