#include <fmt/format.h>

#include "issu/report/figures.hpp"
#include "issu/report/html.hpp"
#include "issu/report/html_parts.hpp"
#include "issu/report/rfc7654.hpp"

namespace issu::report {
namespace {

using Json = nlohmann::ordered_json;

bool has_passed(const Json& object) {
  return flag_of(object, "passed");
}

std::string expectations(const Json& drill) {
  std::vector<HtmlRow> rows;
  for (const Json& expectation : list_of(drill, "expectations")) {
    const bool met = has_passed(expectation);
    const std::string evidence = text_of(expectation, "evidence");
    rows.push_back(
        {{text_of(expectation, "what"), met ? "met" : "FAILED", text_of(expectation, "expected"),
          text_of(expectation, "got"), evidence.empty() ? "–" : evidence},
         met ? "" : "bad"});
  }
  return html_table({"expectation", "", "expected", "got", "evidence"}, rows, 5);
}

std::size_t failed_of(const Json& drill) {
  std::size_t failed = 0;
  for (const Json& expectation : list_of(drill, "expectations")) {
    failed += has_passed(expectation) ? 0 : 1;
  }
  return failed;
}

std::string overview(const Json& drill) {
  std::vector<HtmlRow> rows;
  for (const Json& upgrade : list_of(drill, "upgrades")) {
    const Json data = object_of(upgrade, "data_plane");
    const Json control = object_of(upgrade, "control_plane");
    rows.push_back(
        {{text_of(upgrade, "id"), text_of(upgrade, "from") + " → " + text_of(upgrade, "to"),
          text_of(upgrade, "outcome"), figure(data, "lost"), figure(data, "sent"),
          figure(control, "dark_ms", " ms", 1), withdrawn_routes(control)},
         upgrade.is_object() ? "" : "bad"});
    if (!upgrade.is_object()) {
      rows.back().cells[0] = "an upgrade that left no result";
    }
  }
  return html_table({"upgrade", "versions", "outcome", "lost", "of packets", "dark", "withdrawn"},
                    rows, 3);
}

std::string drill_html(const Json& drill, unsigned level, std::size_t& number) {
  const bool passed = has_passed(drill);
  const std::size_t failed = failed_of(drill);
  const std::size_t all = list_of(drill, "expectations").size();
  std::string html =
      fmt::format("<section class=\"drill\">\n<h{}>Drill {} {}</h{}>\n", level,
                  escaped(text_of(drill, "scenario")),
                  html_badge(passed ? "passed" : "failed", passed ? "good" : "bad"), level);
  const std::string label = text_of(drill, "label");
  const std::string about = text_of(drill, "about");
  html += "<p class=\"soft\">" +
          escaped((about.empty() ? "" : about + ". ") + "Began " + known_text(drill, "started") +
                  ", took " + figure(drill, "seconds", " s", 0) +
                  (label.empty() ? "" : ", label " + label) +
                  fmt::format(", {} of {} expectations met", all - failed, all)) +
          "</p>\n";
  html += expectations(drill);
  const Json upgrades = list_of(drill, "upgrades");
  if (upgrades.size() > 1) {
    html += overview(drill);
  }
  const std::vector<Json> trials(upgrades.begin(), upgrades.end());
  for (const Json& upgrade : upgrades) {
    ++number;
    html += upgrade.is_object()
                ? upgrade_html(upgrade, trials_of(upgrade, trials), level + 1, number)
                : "<div class=\"note bad\">An upgrade left no result: what it cost was not "
                  "measured.</div>\n";
  }
  return html + "</section>\n";
}

}  // namespace

std::string drill_page(const std::vector<Json>& drills) {
  std::size_t number = 0;
  if (drills.size() == 1) {
    return html_page("Drill " + text_of(drills.front(), "scenario"),
                     drill_html(drills.front(), 1, number));
  }
  std::size_t passed = 0;
  std::vector<HtmlRow> rows;
  std::string body;
  for (const Json& drill : drills) {
    const std::size_t failed = failed_of(drill);
    passed += has_passed(drill) ? 1 : 0;
    rows.push_back({{text_of(drill, "scenario"), has_passed(drill) ? "passed" : "FAILED",
                     std::to_string(failed), figure(drill, "seconds", " s", 0)},
                    has_passed(drill) ? "" : "bad"});
    body += drill_html(drill, 2, number);
  }
  const std::string head =
      fmt::format("<h1>Drills {}</h1>\n<p class=\"soft\">{} of {} passed</p>\n",
                  html_badge(passed == drills.size() ? "passed" : "failed",
                             passed == drills.size() && passed > 0 ? "good" : "bad"),
                  passed, drills.size());
  return html_page("Drills",
                   head + html_table({"scenario", "", "not met", "took"}, rows, 2) + body);
}

}  // namespace issu::report
