// The page as a browser shows it: headless Chromium, without a network, in its light and its dark
// form. What it says on its console, what it has made of the page, and the pixels.

#include <doctest/doctest.h>
#include <unistd.h>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "issu/report/html.hpp"
#include "tests/report/sample.hpp"
#include "tests/report/screenshot.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

namespace issu::report {
namespace {

using Json = nlohmann::ordered_json;
using testing::Screenshot;

constexpr const char* chromium = "/usr/bin/chromium";

bool is_missing() {
  return ::access(chromium, X_OK) != 0;
}

/// Runs it once over a page. As root it has no network but its own loopback.
RunOutput browse(const tests::TempDir& folder, const std::string& html,
                 const std::vector<std::string>& how) {
  static int number = 0;
  const auto page = folder / "page.html";
  REQUIRE(write_file_atomic(page, html, 0644));
  Argv words;
  if (::geteuid() == 0) {
    words = {"unshare", "--net"};
  }
  for (const std::string& word :
       {std::string(chromium), std::string("--headless"), std::string("--no-sandbox"),
        std::string("--disable-gpu"), std::string("--disable-quic"), std::string("--no-first-run"),
        std::string("--disable-background-networking"), std::string("--disable-component-update"),
        std::string("--disable-sync"), std::string("--hide-scrollbars"),
        std::string("--enable-logging=stderr"), std::string("--v=0"),
        std::string("--window-size=1180,2600"),
        "--user-data-dir=" + (folder / ("profile" + std::to_string(++number))).string()}) {
    words.push_back(word);
  }
  words.insert(words.end(), how.begin(), how.end());
  words.push_back("file://" + page.string());
  auto said = run(words);
  REQUIRE(said);
  CAPTURE(said->err);
  REQUIRE(said->status == 0);
  return std::move(*said);
}

/// What the page said on its console: errors, refusals by its policy, warnings. A browser has pages
/// of its own (chrome://), which talk too: a busy machine is a "slow network" to them.
std::string console(const RunOutput& said) {
  std::string lines;
  std::istringstream stream(said.err);
  for (std::string line; std::getline(stream, line);) {
    const bool spoken = line.find(":CONSOLE") != std::string::npos;
    const bool of_browser = line.find(", source: chrome://") != std::string::npos;
    lines += spoken && !of_browser ? line + "\n" : "";
  }
  return lines;
}

Screenshot shoot(const tests::TempDir& folder, const std::string& html, bool dark) {
  const auto picture = folder / "page.png";
  std::filesystem::remove(picture);
  const auto said =
      browse(folder, html,
             {"--screenshot=" + picture.string(),
              std::string("--blink-settings=preferredColorScheme=") + (dark ? "0" : "1")});
  CHECK(console(said) == "");
  Screenshot screenshot(picture);
  REQUIRE(screenshot.fault() == "");
  return screenshot;
}

std::string real_page() {
  const auto text = read_file(ISSU_SOURCE_DIR "/tests/report/fixtures/container-restart.json");
  REQUIRE(text);
  return drill_page({Json::parse(*text)});
}

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST_CASE("the console is really heard: a script's error, and a fetch that the policy refuses") {
  if (is_missing()) {
    ISSU_SKIP("chromium is not installed");
  }
  const tests::TempDir folder;
  const std::string head = "<!DOCTYPE html><html><head><meta charset=\"utf-8\"></head><body>";
  const auto wrong =
      browse(folder, head + "<script>noSuchName()</script></body></html>", {"--dump-dom"});
  CHECK(console(wrong).find("noSuchName is not defined") != std::string::npos);
  std::string page = real_page();
  page.insert(page.find("<main>"), "<img src=\"file:///nowhere.png\" alt=\"\">");
  CHECK(console(browse(folder, page, {"--dump-dom"})).find("Content Security Policy") !=
        std::string::npos);
  CHECK(console(browse(folder, head + "<p>nothing</p></body></html>", {"--dump-dom"})) == "");
}

TEST_CASE("a real drill's page: no word on the console, the timeline is in the document") {
  if (is_missing()) {
    ISSU_SKIP("chromium is not installed");
  }
  const tests::TempDir folder;
  const auto said = browse(folder, real_page(), {"--dump-dom"});
  CHECK(console(said) == "");
  CHECK(times(said.out, "id=\"timeline-1\"") == 1);
  CHECK(times(said.out, "<g class=\"stream\">") == 4);
  CHECK(times(said.out, "<g class=\"session\">") == 4);
  CHECK(times(said.out, "class=\"phase\"") + times(said.out, "class=\"phase d\"") == 9);
  CHECK(times(said.out, ">0 lost</text>") == 4);
}

TEST_CASE("the timeline is drawn, in light and in dark: curves, sessions up and down") {
  if (is_missing()) {
    ISSU_SKIP("chromium is not installed");
  }
  const tests::TempDir folder;
  const std::string page = real_page();
  const Screenshot light = shoot(folder, page, false);
  CHECK(light.count(0xfbfbfa) > 200'000);  // the page
  CHECK(light.count(0xc9dcf1) > 50'000);   // frames received
  CHECK(light.count(0x2f8f5b) > 10'000);   // sessions up
  CHECK(light.count(0xc8281f) > 300);      // and down
  CHECK(light.count(0xb9c2cd) > 1'000);    // phases that may be dark
  const Screenshot dark = shoot(folder, page, true);
  CHECK(dark.count(0x14171a) > 200'000);
  CHECK(dark.count(0x2a4a6c) > 50'000);
  CHECK(dark.count(0x4fb37d) > 10'000);
  CHECK(dark.count(0xff7a70) > 300);
  CHECK(dark.count(0xfbfbfa) < 1'000);
}

TEST_CASE("losses are drawn, and where there is no timeline none is seen") {
  if (is_missing()) {
    ISSU_SKIP("chromium is not installed");
  }
  const tests::TempDir folder;
  Document lossy = testing::measured_document();
  lossy.timeline->streams[0].lost = std::vector<std::uint64_t>{0, 0, 17, 0};
  (*lossy.timeline->sessions)[0].downs.clear();
  const Json json = to_json(lossy);
  CHECK(shoot(folder, upgrade_page(json, {json}), false).count(0xc8281f) > 1'000);
  const Json refused = to_json(testing::refused_document());
  const Screenshot none = shoot(folder, upgrade_page(refused, {refused}), false);
  CHECK(none.count(0xc9dcf1) == 0);
  CHECK(none.count(0xc8281f) == 0);
}

}  // namespace
}  // namespace issu::report
