#include "issu/report/ledger/entry.hpp"

#include <doctest/doctest.h>

#include "tests/report/ledger/sample.hpp"

namespace issu::ledger {
namespace {

using testing::document;

TEST_CASE("the entry of a document") {
  const Entry entry = entry_of(document(3));
  CHECK(entry.id == "run-3");
  CHECK(entry.started == *wall_of("2026-11-10T12:00:00.000Z"));
  CHECK(entry.lost == 7);
  CHECK(entry.impact_ms == 0.7);
  CHECK(entry.dark_ms == 403.0);
  CHECK(entry.sessions_down == 1);
  CHECK(entry.duration_s == 20.5);
  CHECK(entry.size.routes == 100'000);
  CHECK_FALSE(entry.partial);
  CHECK_FALSE(entry.predicted_dark.expected);
  CHECK_FALSE(entry.budget_month_ms);
}

TEST_CASE("what was not measured has no value, whatever stands there (invariant 6)") {
  auto json = document(3);
  json["data_plane"]["measured"] = false;
  json["control_plane"]["measured"] = false;
  Entry entry = entry_of(json);
  CHECK_FALSE(entry.lost);
  CHECK_FALSE(entry.impact_ms);
  CHECK_FALSE(entry.dark_ms);
  CHECK_FALSE(entry.sessions_down);

  json = document(3);
  json["data_plane"]["lost"] = nullptr;
  json["rfc7654"]["tpl_ms"] = nullptr;
  json["control_plane"]["dark_ms"] = nullptr;
  json["control_plane"]["sessions"][1]["went_down"] = nullptr;
  json["clock"]["duration_s"] = nullptr;
  entry = entry_of(json);
  CHECK_FALSE(entry.lost);
  CHECK_FALSE(entry.impact_ms);
  CHECK_FALSE(entry.dark_ms);
  CHECK_FALSE(entry.sessions_down);
  CHECK_FALSE(entry.duration_s);
}

TEST_CASE("a document of another form leaves what it does not have without a value") {
  for (const char* text : {"{}", "[]", "3", "null", R"({"id": 7, "sla": [], "clock": "x"})",
                           R"({"control_plane": {"measured": true, "sessions": 3}})",
                           R"({"data_plane": {"measured": "yes", "lost": -1}})"}) {
    CAPTURE(text);
    const Entry entry = entry_of(nlohmann::ordered_json::parse(text));
    CHECK(entry.id.empty());
    CHECK_FALSE(entry.lost);
    CHECK_FALSE(entry.dark_ms);
    CHECK_FALSE(entry.sessions_down);
  }
}

TEST_CASE("one that needed a person is not measured to its end") {
  CHECK(entry_of(document(1, "needs-operator")).partial);
  CHECK_FALSE(entry_of(document(1, "refused")).ran());
}

TEST_CASE("predictions and budgets are taken from the document") {
  auto json = document(1);
  json["sla"] = {
      {"over_budget", true},
      {"forecast",
       {{"runs", 5},
        {"dark_ms", {{"expected", 400.0}, {"low", 300.0}, {"high", 500.0}}},
        {"impact_ms", nullptr},
        {"size", {{"routes", 50}, {"memory_bytes", 1024}, {"sessions", 4}}}}},
      {"budgets",
       {{{"plane", "data"}, {"per", "month"}, {"backend", ""}, {"budget_ms", 26300.0}},
        {{"plane", "data"}, {"per", "month"}, {"backend", "lxc"}, {"budget_ms", 1.0}},
        {{"plane", "control"}, {"per", "year"}, {"backend", ""}, {"budget_ms", nullptr}}}}};
  const Entry entry = entry_of(json);
  CHECK(entry.over_budget);
  CHECK(entry.predicted_runs == 5);
  CHECK(entry.predicted_dark.low == 300.0);
  CHECK_FALSE(entry.predicted_impact.expected);
  CHECK(entry.budget_month_ms == 26300.0);
  CHECK_FALSE(entry.budget_dark_year_ms);
  CHECK(entry.size.routes == 50);
  CHECK(entry.size.memory == 1024);
  CHECK(entry.size.sessions == 4);
}

}  // namespace
}  // namespace issu::ledger
