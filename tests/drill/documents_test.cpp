#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "issu/drill/outcome.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

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
  CHECK(xml.find("tests=\"3\" failures=\"1\" errors=\"0\"") != std::string::npos);
  CHECK(xml.find("dark &lt;2 s &amp; measured") != std::string::npos);
  CHECK(xml.find("expected: &lt; 2000\ngot: &quot;3000&quot;\nevidence: /tmp/e/001.log") !=
        std::string::npos);
}

namespace {

/// It failed twice in different things, then it passed.
DrillOutcome flaky() {
  DrillOutcome outcome = sample();
  outcome.judgements[1].passed = true;
  outcome.attempt = 3;
  outcome.flaky = true;
  outcome.labels = {"ci", "container"};
  outcome.cell = Cell{"versions", "8", "10", "lxc"};
  outcome.upgrades.clear();
  outcome.upgrades.push_back({"there", 0, "", {}, 4});
  outcome.soaks = {{"there", 42}};
  outcome.earlier = {sample(), sample()};
  outcome.earlier[1].attempt = 2;
  outcome.earlier[1].judgements = {
      {"the drill runs to its end", "no error", "no <lab>", false, {}, true}};
  for (DrillOutcome& each : outcome.earlier) {
    each.upgrades.clear();
  }
  return outcome;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("JUnit files are valid by what CI systems read: passed, failed, not judged, long, odd") {
  const std::string xmllint = "/usr/bin/xmllint";
  if (!std::filesystem::exists(xmllint)) {
    ISSU_SKIP("libxml2-utils is not installed");
  }
  DrillOutcome passed = sample();
  passed.judgements.pop_back();
  passed.run = "night\x01ly \xff";
  DrillOutcome broken;
  broken.scenario = "broken";
  broken.judgements = {
      {"the drill runs to its end", "no error", "no lab: ]]> <&>", false, {}, true}};
  DrillOutcome chatty = sample();
  chatty.judgements[1].got = std::string(1U << 20U, 'x');
  const issu::tests::TempDir folder;
  const auto validate = [&](const std::string& xml) {
    REQUIRE(issu::write_file_atomic(folder / "junit.xml", xml));
    return issu::run({xmllint, "--noout", "--schema",
                      ISSU_SOURCE_DIR "/tests/report/schema/junit.xsd",
                      (folder / "junit.xml").string()})
        .value();
  };
  DrillOutcome again = sample();
  again.attempt = 3;
  again.earlier = flaky().earlier;
  DrillOutcome never = broken;
  never.attempt = 4;
  never.earlier = flaky().earlier;
  const std::string xml = to_junit({passed, sample(), broken, chatty, flaky(), again, never});
  const auto said = validate(xml);
  CAPTURE(said.err);
  CHECK(said.status == 0);
  CHECK(xml.size() < 100'000);
  CHECK(xml.find("tests=\"1\" failures=\"0\" errors=\"1\"") != std::string::npos);
  CHECK(xml.find("<error type=\"not judged\"") != std::string::npos);
  CHECK(validate(to_junit({})).status == 0);
  // The schema would notice: a suite without its attributes, one that readers don't know.
  CHECK(validate("<testsuites><testsuite/></testsuites>").status != 0);
  std::string off = xml;
  off.replace(off.find(" time="), 6, " tiem=");
  CHECK(validate(off).status != 0);
}

TEST_CASE("earlier attempts stand in JUnit as flaky where the case passed, as rerun where not") {
  const std::string xml = to_junit({flaky()});
  CAPTURE(xml);
  CHECK(holds(xml, "tests=\"3\" failures=\"0\" errors=\"0\""));
  CHECK(holds(xml, "<flakyFailure type=\"expectation\" message=\"attempt 1: expected &lt; 2000"));
  CHECK(holds(xml, "<flakyError type=\"not judged\" message=\"attempt 2: expected no error"));
  CHECK(holds(xml, "evidence: /tmp/e/001.log</stackTrace></flakyFailure>"));
  CHECK(holds(xml, "<property name=\"attempts\" value=\"3\"/>"));
  CHECK(holds(xml, "<property name=\"flaky\" value=\"true\"/>"));
  CHECK(holds(xml, "<property name=\"attempt.1.failed\" value=\"1\"/>"));
  CHECK(holds(xml, "<property name=\"soak.1.killed\" value=\"1\"/>"));
  CHECK(holds(xml, "<property name=\"soak.1.dark_ms.p99\" value=\"not measured\"/>"));

  DrillOutcome failed = sample();
  failed.attempt = 2;
  failed.earlier = {sample()};
  const std::string again = to_junit({failed});
  CHECK(holds(again, "<failure type=\"expectation\" message=\"attempt 2: expected &lt; 2000"));
  CHECK(holds(again, "<rerunFailure type=\"expectation\" message=\"attempt 1: "));
  CHECK(holds(again, "tests=\"3\" failures=\"1\" errors=\"0\""));
}

TEST_CASE("of expectations with one name, the second attempt's second stands at the first's") {
  DrillOutcome outcome = sample();
  outcome.judgements = {{"exit code", "0", "0", true, {}}, {"exit code", "0", "0", true, {}}};
  outcome.earlier = {outcome};
  outcome.earlier[0].judgements[1] = {"exit code", "0", "1", false, {}};
  const std::string xml = to_junit({outcome});
  const auto passed = xml.find("name=\"exit code\" time=\"0\"/>");
  const auto second = xml.find("name=\"exit code\" time=\"0\">");
  REQUIRE(passed != std::string::npos);
  REQUIRE(second != std::string::npos);
  CHECK(passed < second);
}

TEST_CASE("attempts stand in the document and in the text, and all of it by the published schema") {
  const auto document = nlohmann::json::parse(to_json(flaky()));
  CHECK(document["flaky"] == true);
  CHECK(document["passed"] == true);
  CHECK(document["attempt"] == 3);
  CHECK(document["earlier"].size() == 2);
  CHECK(document["earlier"][0]["expectations"][1]["evidence"] == "/tmp/e/001.log");
  CHECK(document["cell"]["from"] == "8");
  CHECK(document["soaks"][0]["killed"] == 1);
  const std::string text = to_table(flaky());
  CHECK(holds(text, "FLAKY, passed at attempt 3 only"));
  CHECK(holds(text, "attempt 1 failed after 12 s:\n    dark <2 s & measured: expected < 2000"));
  CHECK(holds(closing_report(to_json(flaky())), "sample: FLAKY, passed at attempt 3 only"));
  const issu::tests::TempDir folder;
  REQUIRE(issu::write_file_atomic(folder / "d.json", to_json(flaky())));
  const auto valid =
      issu::run({ISSU_SOURCE_DIR "/tests/report/schema/validate-json",
                 ISSU_SOURCE_DIR "/docs/schema", "drill", (folder / "d.json").string()})
          .value();
  if (valid.status == 77) {
    ISSU_SKIP(valid.out);
  }
  CAPTURE(valid.out);
  CHECK(valid.status == 0);
}

TEST_CASE("JUnit's properties have the key figures, and what was not measured as such") {
  const std::string xml = to_junit({sample()});
  CHECK(xml.find("name=\"upgrade.1.lost_frames\" value=\"0\"") != std::string::npos);
  CHECK(xml.find("name=\"upgrade.1.dark_ms\" value=\"not measured\"") != std::string::npos);
  CHECK(xml.find("name=\"upgrade.2.outcome\" value=\"no result\"") != std::string::npos);
}

TEST_CASE("a drill that passed names no evidence: it is taken away with the lab") {
  DrillOutcome outcome = sample();
  CHECK(nlohmann::json::parse(to_json(outcome))["expectations"][1]["evidence"] == "/tmp/e/001.log");
  outcome.judgements[1].passed = true;
  CHECK(nlohmann::json::parse(to_json(outcome))["expectations"][1]["evidence"].is_null());
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

TEST_CASE("the closing report tells loss, rate each way and dark time by its parts") {
  const std::string text = closing_report(R"({"scenario": "s", "passed": true,
    "expectations": [{"passed": true}],
    "upgrades": [null, {"from": "8.4.4", "to": "10.3", "outcome": "committed",
      "data_plane": {"measured": true, "lost": 0, "sent": 500000, "streams": [
        {"name": "1-east-west-ipv4", "rate_pps": 7500}, {"name": "2-east-west-ipv6", "rate_pps": 2500},
        {"name": "3-west-east-ipv4", "rate_pps": 11000}]},
      "control_plane": {"measured": true, "dark_ms": 812.4,
        "parts": [{"name": "old daemons fenced", "ms": 60.04}],
        "sessions": [{"routes_withdrawn": 0}]},
      "npu": {"routes_before": 100000, "deleted_while_dark": 0, "stale_swept": null}}]})");
  CHECK(text.find("0 lost of 500000 packets at 10000 packets/s each way over 100000 routes") !=
        std::string::npos);
  CHECK(text.find("dark for 812 ms: old daemons fenced 60.0 ms") != std::string::npos);
  CHECK(text.find("0 withdrawn at the peers, 0 deleted while dark, not measured stale swept") !=
        std::string::npos);
  CHECK(text.find("left no result") != std::string::npos);
  CHECK(closing_report("{}") == "not a drill's document\n");
}

TEST_CASE("a run tells of each upgrade what was dark or frozen, by its parts") {
  DrillOutcome outcome = sample();
  outcome.upgrades[0].document = R"({"control_plane": {"dark_ms": 21270, "parts": [
    {"name": "old daemons fenced", "ms": 723.4}, {"name": "journal", "ms": 1.3}]}})";
  outcome.upgrades.push_back({"carried",
                              0,
                              R"({"control_plane": {"dark_ms": 0, "parts": [], "frozen_ms": 5800.2,
                                  "frozen_parts": [{"name": "dump", "ms": 960}]}})",
                              {}});
  const std::string text = to_table(outcome);
  CHECK(text.find("there: control plane dark for 21270 ms: old daemons fenced 723.4 ms, journal "
                  "1.3 ms\n") != std::string::npos);
  CHECK(text.find("carried: daemons frozen for 5800 ms: dump 960.0 ms\n") != std::string::npos);
  CHECK(text.find("carried: control plane") == std::string::npos);
  const std::string closing =
      closing_report(R"({"scenario": "s", "upgrades": [{"control_plane": {"measured": true,
    "dark_ms": 0, "frozen_ms": 5800.2, "frozen_parts": [{"name": "dump", "ms": 960}]}}]})");
  CHECK(closing.find("    daemons        frozen for 5800 ms: dump 960.0 ms\n") !=
        std::string::npos);
}

TEST_CASE("what was not measured is said to be so, with its reason") {
  const std::string text = closing_report(R"({"scenario": "s", "upgrades": [{"data_plane":
    {"measured": false, "why_not": "a frame was refused", "lost": null}}]})");
  CHECK(text.find("data plane     not measured: a frame was refused") != std::string::npos);
}
