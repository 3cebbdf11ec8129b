#include "issu/report/metrics.hpp"

#include <doctest/doctest.h>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "tests/report/sample.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

namespace issu::report {
namespace {

using Json = nlohmann::ordered_json;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("figures in base units, with their units in the names") {
  const std::string text = upgrade_metrics(to_json(testing::measured_document()));
  CHECK(has(text, "# UNIT issu_upgrade_dark_seconds seconds\n"));
  CHECK(has(text, "issu_upgrade_dark_seconds{router=\"edge1\"} 1.2\n"));
  CHECK(has(text, "issu_upgrade_lost_frames{router=\"edge1\"} 0\n"));
  CHECK(has(text, "issu_upgrade_outcome{router=\"edge1\",outcome=\"committed\"} 1\n"));
  CHECK(has(text, "issu_upgrade_outcome{router=\"edge1\",outcome=\"refused\"} 0\n"));
  CHECK(has(text, "issu_upgrade_rfc7654_seconds{router=\"edge1\",part=\"t4\"} 6\n"));
  CHECK(text.ends_with("\n# EOF\n"));
}

TEST_CASE("what was not measured has no sample, and measured says 0") {
  const std::string text = upgrade_metrics(to_json(testing::unmeasured_document()));
  CHECK(has(text, "issu_upgrade_measured{router=\"edge1\",plane=\"data\"} 0\n"));
  for (const char* name : {"issu_upgrade_lost_frames", "issu_upgrade_dark_seconds",
                           "issu_upgrade_longest_gap_seconds", "part=\"tpl\""}) {
    CAPTURE(name);
    CHECK_FALSE(has(text, name));
  }
}

TEST_CASE("a phase that ran twice is one sample, the sum of both") {
  Document document = testing::measured_document();
  document.phases.push_back({"freeze", 1.0, "ok", "", 9.0});
  CHECK(has(upgrade_metrics(to_json(document)),
            "issu_upgrade_phase_seconds{router=\"edge1\",phase=\"freeze\"} 1.02\n"));
}

TEST_CASE("a drill with one upgrade that was not measured has no sum of losses") {
  const Json good = to_json(testing::measured_document());
  Json drill{{"scenario", "s"},
             {"passed", true},
             {"flaky", true},
             {"attempt", 2},
             {"seconds", 12.5},
             {"expectations", Json::array({{{"passed", true}}})},
             {"upgrades", Json::array({good, good})}};
  std::string text = drill_metrics({drill});
  CHECK(has(text, "issu_drill_passed{scenario=\"s\"} 1\n"));
  CHECK(has(text, "issu_drill_flaky{scenario=\"s\"} 1\n"));
  CHECK(has(text, "issu_drill_attempts{scenario=\"s\"} 2\n"));
  CHECK(has(text, "issu_drill_lost_frames{scenario=\"s\"} 0\n"));
  CHECK(has(text, "issu_drill_longest_dark_seconds{scenario=\"s\"} 1.2\n"));
  drill["upgrades"].push_back(nullptr);
  text = drill_metrics({drill});
  CHECK_FALSE(has(text, "issu_drill_lost_frames"));
  CHECK(has(text, "issu_drill_upgrades{scenario=\"s\"} 3\n"));
}

TEST_CASE("both parsers of the Prometheus client read it alike, odd names as well") {
  const tests::TempDir folder;
  Document odd = testing::measured_document();
  odd.router = "a\"b\\c\nd\xff é";
  odd.control_plane.sessions[0].peer = "p{}=,";
  const Json drill{{"scenario", "s"}, {"passed", true}, {"seconds", 12.5}};
  std::vector<std::string> files;
  for (const std::string& text :
       {upgrade_metrics(to_json(odd)), upgrade_metrics(to_json(testing::unmeasured_document())),
        upgrade_metrics(to_json(testing::refused_document())), drill_metrics({drill}),
        drill_metrics({})}) {
    files.push_back((folder / std::to_string(files.size())).string());
    REQUIRE(write_file_atomic(files.back(), text, 0644));
  }
  Argv words{ISSU_SOURCE_DIR "/tests/report/schema/parse-metrics"};
  words.insert(words.end(), files.begin(), files.end());
  const auto said = run(words);
  REQUIRE(said);
  if (said->status == 77) {
    ISSU_SKIP(said->out);
  }
  CAPTURE(said->out);
  CAPTURE(said->err);
  REQUIRE(said->status == 0);
  const auto samples = Json::parse(said->out.substr(0, said->out.find('\n')));
  CHECK(samples[0][0] == "issu_upgrade_info");
  CHECK(samples[0][1]["router"] == "a\"b\\c\nd\xEF\xBF\xBD é");

  SUBCASE("and the check itself notices what is off") {
    REQUIRE(write_file_atomic(files[0], "# TYPE a gauge\na 1\na 2\n", 0644));
    const auto refused = run({words[0], files[0]});
    REQUIRE(refused);
    CHECK(refused->status == 3);
  }
}

}  // namespace
}  // namespace issu::report
