#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "issu/drill/outcome.hpp"

using namespace issu::drill;

namespace {

DrillOutcome sample() {
  DrillOutcome outcome;
  outcome.scenario = "sample";
  outcome.started = "2026-01-31T12:00:00.000Z";
  outcome.seconds = 12.5;
  outcome.judgements = {{"no packet was lost", "data_plane.lost = 0", "0", true, {}},
                        {"dark <2 s & measured", "< 2000", "\"3000\"", false, "/tmp/e/001.log"}};
  outcome.upgrades = {{"there",
                       0,
                       R"({"id": "1", "from": "8.4.4", "to": "10.3", "outcome": "committed",
                           "data_plane": {"lost": 0, "sent": 12345, "rate_pps": 20000},
                           "control_plane": {"dark_ms": null, "sessions": [{"routes_withdrawn": 2}]}})",
                       {}},
                      {"back", 3, "", {}}};
  return outcome;
}

}  // namespace

TEST_CASE("a drill's document") {
  const auto document = nlohmann::json::parse(to_json(sample()));
  CHECK(document["scenario"] == "sample");
  CHECK(document["passed"] == false);
  CHECK(document["expectations"][0]["what"] == "no packet was lost");
  CHECK(document["expectations"][1]["got"] == "\"3000\"");
  REQUIRE(document["upgrades"].size() == 2);
  CHECK(document["upgrades"][0]["to"] == "10.3");
  CHECK(document["upgrades"][1].is_null());
}

TEST_CASE("JUnit tells expected, got and evidence, and stays XML") {
  const std::string xml = to_junit({sample()});
  CHECK(xml.find("tests=\"2\" failures=\"1\"") != std::string::npos);
  CHECK(xml.find("dark &lt;2 s &amp; measured") != std::string::npos);
  CHECK(xml.find("expected: &lt; 2000\ngot: &quot;3000&quot;\nevidence: /tmp/e/001.log") !=
        std::string::npos);
}

TEST_CASE("the table shows what was not measured as such") {
  const std::string text = to_table(sample());
  CHECK(text.find("8.4.4 -> 10.3") != std::string::npos);
  CHECK(text.find("12345") != std::string::npos);
  CHECK(text.find("FAILED  dark <2 s") != std::string::npos);
  CHECK(text.find("see /tmp/e/001.log") != std::string::npos);
}

TEST_CASE("a drill without a judgement has not passed") {
  CHECK_FALSE(DrillOutcome{}.passed());
}
