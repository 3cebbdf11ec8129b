#include "issu/report/html.hpp"

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

std::string page_of(const Document& document) {
  const Json json = to_json(document);
  return upgrade_page(json, {json});
}

/// The page without its timeline: counts of single buckets are no figures.
std::string figures_of(const std::string& page) {
  const auto begin = page.find("<figure");
  return page.substr(0, begin) + page.substr(page.find("</figure>", begin));
}

TEST_CASE("nothing of the page comes from elsewhere, and no script runs") {
  const std::string page = page_of(testing::measured_document());
  for (const char* word : {"<script", "src=", "@import", "url(", "onload", "onclick", "<iframe"}) {
    CAPTURE(word);
    CHECK_FALSE(has(page, word));
  }
  std::size_t addresses = 0;
  for (auto at = page.find("://"); at != std::string::npos; at = page.find("://", at + 1)) {
    ++addresses;
  }
  CHECK(addresses == 1);  // the name of SVG's namespace
  CHECK(has(page, "default-src 'none'"));
  CHECK(has(page, "prefers-color-scheme:dark"));
}

TEST_CASE("the figures, the phases and where the evidence lies") {
  const std::string page = page_of(testing::measured_document());
  CHECK(has(page, "edge1: 8.4.4 → 10.3"));
  CHECK(has(page, "<span class=\"badge good\">committed</span>"));
  CHECK(has(page, "of 20,000 at 10,000 a second"));
  CHECK(has(page, "1200.0 ms"));
  CHECK(has(page, "budget 2000 ms"));
  CHECK(has(page, "old daemons fenced"));
  CHECK(has(page, "<code>/var/lib/issu/edge1/evidence</code>"));
  CHECK(has(page, "T4 = T1 + T2 + T3"));
}

TEST_CASE("the timeline has each phase, stream and session") {
  const std::string svg = timeline_svg(to_json(testing::measured_document()), 1);
  for (const char* part : {"id=\"timeline-1\"", ">preflight</text>", ">freeze</text>",
                           ">east-v4</text>", "class=\"recv\"", "class=\"sent\"", ">0 lost</text>",
                           "bgp east", "class=\"up\"", "class=\"down\"", "down for 1200.0 ms"}) {
    CAPTURE(part);
    CHECK(has(svg, part));
  }
  CHECK_FALSE(has(svg, "class=\"lost\""));
  Document twice = testing::measured_document();
  (*twice.timeline->sessions)[0].downs = {{1.0, 1.5}, {3.0, std::nullopt}};
  const std::string bands = timeline_svg(to_json(twice), 1);
  CHECK(has(bands, "a session down from 1.000 s to 1.500 s"));
  CHECK(has(bands, "and not up again"));
  Document lossy = testing::measured_document();
  lossy.timeline->streams[0].lost = std::vector<std::uint64_t>{0, 0, 17, 0};
  CHECK(has(timeline_svg(to_json(lossy), 1), "17 frames lost"));
}

TEST_CASE("what was not measured is never shown as 0, and says why") {
  const std::string page = page_of(testing::unmeasured_document());
  CHECK(has(page, "Because: the measurement is gone"));
  CHECK(has(page, "the instrument ended without a result: killed"));
  CHECK(has(page, "<div class=\"figure\">not measured</div>"));
  CHECK_FALSE(has(page, "<div class=\"figure\">0</div>"));
  CHECK_FALSE(has(figures_of(page), "0 lost"));
  CHECK(has(page, "how it was after it was not measured"));
  CHECK(has(timeline_svg(to_json(testing::unmeasured_document()), 1), ">not measured</text>"));
}

TEST_CASE("one that was refused has a page, too") {
  const std::string page = page_of(testing::refused_document());
  CHECK(has(page, "<span class=\"badge warn\">refused</span>"));
  CHECK(has(page, "Because: the router edge1 is not up"));
  CHECK(has(page, "No timeline: nothing was recorded"));
  CHECK(has(page, "nothing was begun"));
  CHECK(has(page, "None was written: nothing was measured."));
}

TEST_CASE("whatever comes from outside is escaped, wherever it stands") {
  const std::string evil = "<b onclick=\"x\">&'\x01\xff";
  Document document = testing::measured_document();
  document.router = document.reason = document.from = document.evidence = evil;
  document.anomalies = {evil};
  document.phases[0].name = document.phases[0].why = evil;
  document.data_plane.streams[0].name = document.timeline->streams[0].name = evil;
  document.control_plane.sessions[0].peer = evil;
  (*document.timeline->sessions)[0].peer = evil;
  document.setting.device.cpu = document.setting.ports[0].name = evil;
  document.setting.configuration.unexpected = {evil};
  const std::string page = page_of(document);
  CHECK_FALSE(has(page, "<b "));
  CHECK(has(page, "&lt;b onclick=&quot;x&quot;&gt;&amp;&#39;"));
  CHECK_FALSE(has(page, "\x01"));
  CHECK_FALSE(has(page, "\xff"));
  const Json drill{{"scenario", evil},
                   {"passed", false},
                   {"run", evil},
                   {"cell", {{"matrix", evil}, {"from", evil}, {"to", evil}, {"backend", evil}}},
                   {"soaks", Json::array({{{"step", evil}}})},
                   {"earlier", Json::array({{{"expectations", Json::array({{{"what", evil}}})}}})},
                   {"expectations", Json::array({{{"what", evil}, {"got", evil}}})},
                   {"upgrades", Json::array({nullptr})}};
  CHECK_FALSE(has(drill_page({drill, drill}), "<b "));
}

TEST_CASE("a foreign document of odd types gives a page, not an end of the program") {
  for (const char* text :
       {R"({})", R"({"phases": 3, "data_plane": [], "timeline": {"streams": {}}})",
        R"({"timeline": {"from_s": "x", "step_s": null, "streams": [3, {"sent": ["x"],
            "received": [null, -4, 1e300]}], "sessions": [7, {"measured": true, "downs": [1]}]},
            "phases": [null, {"from_s": 1e308, "seconds": 1e308}], "anomalies": [1],
            "rfc7654": {"device": 1, "load": {"streams": [1]}}})",
        R"({"cell": [], "soaks": [1, {"dark_ms": 2}], "earlier": {"a": 1}, "flaky": "yes"})",
        R"({"cell": {"from": 1}, "soaks": 3, "earlier": [4], "attempt": "x"})"}) {
    const Json json = Json::parse(text);
    CHECK(has(drill_page({json, json}), "</html>"));
    CHECK(has(upgrade_page(json, {json}), "</html>"));
    CHECK(has(drill_page({Json{{"upgrades", Json::array({json})}}}), "</html>"));
  }
}

TEST_CASE("a drill's page: expectations first, then its upgrades") {
  const Json upgrade = to_json(testing::measured_document());
  const Json drill{{"scenario", "there-and-back"},
                   {"passed", false},
                   {"started", "2026-01-31T12:00:00.000Z"},
                   {"seconds", 61.0},
                   {"expectations", Json::array({{{"what", "no packet was lost"},
                                                  {"expected", "data_plane.lost = 0"},
                                                  {"got", "not measured"},
                                                  {"passed", false},
                                                  {"evidence", "/e/001.log"}}})},
                   {"upgrades", Json::array({upgrade, nullptr})}};
  const std::string page = drill_page({drill});
  CHECK(has(page, "Drill there-and-back"));
  CHECK(has(page, "0 of 1 expectations met"));
  CHECK(has(page, "/e/001.log"));
  CHECK(has(page, "An upgrade left no result"));
  CHECK(has(page, "id=\"timeline-1\""));
}

TEST_CASE(
    "a flaky drill's page says what its earlier attempts failed in, a soak's its percentiles") {
  Json drill{{"scenario", "s"},
             {"passed", true},
             {"flaky", true},
             {"expectations", Json::array({{{"what", "w"}, {"passed", true}}})},
             {"upgrades", Json::array()}};
  drill["earlier"] = Json::array({{{"attempt", 1},
                                   {"seconds", 7.0},
                                   {"expectations", Json::array({{{"what", "no packet was lost"},
                                                                  {"expected", "0"},
                                                                  {"got", "3"},
                                                                  {"passed", false}}})}}});
  drill["soaks"] = Json::array({{{"step", "there and back"},
                                 {"seed", 20261127},
                                 {"upgrades", 100},
                                 {"dark_ms", {{"of", 80}, {"measured", 80}, {"p50", 225.0}}}}});
  const std::string page = drill_page({drill});
  CHECK(has(page, "flaky"));
  CHECK(has(page, "Attempt 1 failed after 7 s: no packet was lost: expected 0, got 3"));
  CHECK(has(page, "225 ms"));
  CHECK(has(page, "80 of 80"));
  CHECK(has(page, "seed 20261127"));
  CHECK(has(drill_page({drill, drill}), "flaky"));
}

TEST_CASE("the page is well-formed: an XML reader takes it, its head aside") {
  if (!std::filesystem::exists("/usr/bin/xmllint")) {
    ISSU_SKIP("libxml2-utils is not installed");
  }
  const tests::TempDir folder;
  for (const Document& document : {testing::measured_document(), testing::unmeasured_document(),
                                   testing::refused_document()}) {
    const std::string page = page_of(document);
    const auto begin = page.find("<main>");
    const auto end = page.find("</main>") + 7;
    REQUIRE(write_file_atomic(folder / "page.xml", page.substr(begin, end - begin)));
    const auto said = run({"/usr/bin/xmllint", "--noout", (folder / "page.xml").string()});
    REQUIRE(said);
    CAPTURE(said->err);
    CHECK(said->status == 0);
  }
}

}  // namespace
}  // namespace issu::report
