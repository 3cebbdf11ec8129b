#include <fmt/format.h>

#include "issu/report/figures.hpp"
#include "issu/report/html.hpp"
#include "issu/report/html_parts.hpp"
#include "issu/report/matrix_grid.hpp"
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

/// Attempts before the last, and what they failed in: never hidden.
std::string earlier_attempts(const Json& drill) {
  std::string html;
  for (const Json& attempt : list_of(drill, "earlier")) {
    std::string failed;
    for (const Json& expectation : list_of(attempt, "expectations")) {
      if (!has_passed(expectation)) {
        failed += (failed.empty() ? "" : "; ") + text_of(expectation, "what") + ": expected " +
                  text_of(expectation, "expected") + ", got " + text_of(expectation, "got");
      }
    }
    html += "<div class=\"note bad\">" +
            escaped("Attempt " + figure(attempt, "attempt") + " failed after " +
                    figure(attempt, "seconds", " s", 0) + ": " + failed) +
            "</div>\n";
  }
  return html;
}

std::string percentiles(const Json& drill) {
  std::string html;
  for (const Json& soak : list_of(drill, "soaks")) {
    std::vector<HtmlRow> rows;
    const auto add = [&](const char* key, const char* name, const char* unit) {
      const Json spread = object_of(soak, key);
      std::vector<std::string> cells{name};
      for (const char* each : {"p50", "p90", "p99", "max"}) {
        cells.push_back(figure(spread, each, unit));
      }
      cells.push_back(figure(spread, "measured") + " of " + figure(spread, "of"));
      rows.push_back({cells, ""});
    };
    add("dark_ms", "dark, undisturbed", " ms");
    add("dark_ms_killed", "dark, coordinator killed", " ms");
    add("lost", "frames lost an upgrade", "");
    html += "<p class=\"soft\">" +
            escaped(text_of(soak, "step") + ": " + figure(soak, "upgrades") + " upgrades, " +
                    figure(soak, "committed") + " committed, " + figure(soak, "rolled_back") +
                    " rolled back, the coordinator of " + figure(soak, "killed") +
                    fmt::format(" killed (seed {:.0f})", number_of(soak, "seed"))) +
            "</p>\n" + html_table({"", "p50", "p90", "p99", "max", "measured"}, rows, 1);
  }
  return html;
}

/// "passed", "flaky", "failed": a badge.
std::string verdict(const Json& drill) {
  const bool flaky = flag_of(drill, "flaky");
  const bool passed = has_passed(drill);
  return html_badge(flaky    ? "flaky"
                    : passed ? "passed"
                             : "failed",
                    passed && !flaky ? "good" : "bad");
}

std::string drill_html(const Json& drill, unsigned level, std::size_t& number) {
  const std::size_t failed = failed_of(drill);
  const std::size_t all = list_of(drill, "expectations").size();
  std::string html = fmt::format("<section class=\"drill\">\n<h{}>Drill {} {}</h{}>\n", level,
                                 escaped(text_of(drill, "scenario")), verdict(drill), level);
  const std::string run = text_of(drill, "run");
  const std::string about = text_of(drill, "about");
  html +=
      "<p class=\"soft\">" +
      escaped((about.empty() ? "" : about + ". ") + "Began " + known_text(drill, "started") +
              ", took " + figure(drill, "seconds", " s", 0) + (run.empty() ? "" : ", run " + run) +
              fmt::format(", {} of {} expectations met", all - failed, all)) +
      "</p>\n";
  html += earlier_attempts(drill) + expectations(drill) + percentiles(drill);
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

std::string matrices(const std::vector<Json>& drills) {
  std::string html;
  for (const MatrixGrid& grid : matrix_grids(drills)) {
    std::vector<HtmlRow> rows;
    for (auto row = grid.rows.begin() + 1; row != grid.rows.end(); ++row) {
      rows.push_back({*row, ""});
    }
    html += "<h2>" + escaped(grid.title) + "</h2>\n" +
            html_table(grid.rows.front(), rows, grid.rows.front().size());
  }
  return html;
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
    rows.push_back({{text_of(drill, "scenario"),
                     !has_passed(drill)        ? "FAILED"
                     : flag_of(drill, "flaky") ? "flaky"
                                               : "passed",
                     std::to_string(failed), figure(drill, "seconds", " s", 0)},
                    has_passed(drill) && !flag_of(drill, "flaky") ? "" : "bad"});
    body += drill_html(drill, 2, number);
  }
  const std::string head =
      fmt::format("<h1>Drills {}</h1>\n<p class=\"soft\">{} of {} passed</p>\n",
                  html_badge(passed == drills.size() ? "passed" : "failed",
                             passed == drills.size() && passed > 0 ? "good" : "bad"),
                  passed, drills.size());
  return html_page("Drills", head + html_table({"scenario", "", "not met", "took"}, rows, 2) +
                                 matrices(drills) + body);
}

}  // namespace issu::report
