#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "issu/drill/outcome.hpp"
#include "issu/report/figures.hpp"
#include "issu/report/html.hpp"

namespace issu::drill {
namespace {

using nlohmann::ordered_json;
using report::escaped;

/// CI systems cut or refuse long output: GitLab keeps 1 MiB of a report's text, GitHub 64 KiB of an
/// annotation. The whole stands in the JSON document.
constexpr std::size_t most_output = 16U << 10U;
constexpr std::size_t most_message = 400;
constexpr std::size_t most_detail = 4U << 10U;

/// An upgrade's key figures, in the order of the file: what a dashboard wants to read.
void add_properties(std::string& xml, const DrillOutcome& outcome) {
  std::string list;
  const auto add = [&](const std::string& name, const std::string& value) {
    fmt::format_to(std::back_inserter(list), "      <property name=\"{}\" value=\"{}\"/>\n",
                   escaped(name), escaped(value));
  };
  if (!outcome.label.empty()) {
    add("label", outcome.label);
  }
  std::size_t number = 0;
  for (const UpgradeRun& upgrade : outcome.upgrades) {
    const std::string prefix = fmt::format("upgrade.{}.", ++number);
    const auto document = ordered_json::parse(upgrade.document, nullptr, false);
    add(prefix + "step", upgrade.step);
    add(prefix + "exit_code", std::to_string(upgrade.exit_code));
    if (!document.is_object()) {
      add(prefix + "outcome", "no result");
      continue;
    }
    const auto data = report::object_of(document, "data_plane");
    const auto control = report::object_of(document, "control_plane");
    for (const char* key : {"from", "to", "outcome"}) {
      add(prefix + key, report::text_of(document, key));
    }
    add(prefix + "lost_frames", report::figure(data, "lost"));
    add(prefix + "sent_frames", report::figure(data, "sent"));
    add(prefix + "longest_gap_ms", report::figure(data, "longest_gap_ms", "", 3));
    add(prefix + "dark_ms", report::figure(control, "dark_ms", "", 1));
    add(prefix + "routes_withdrawn", report::withdrawn_routes(control));
  }
  xml += list.empty() ? "" : "    <properties>\n" + list + "    </properties>\n";
}

std::string case_xml(const DrillOutcome& outcome, const Judgement& judgement) {
  std::string xml =
      fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"0\"",
                  escaped(outcome.scenario), escaped(report::cut(judgement.what, most_message)));
  if (judgement.passed) {
    return xml + "/>\n";
  }
  const char* element = judgement.is_error ? "error" : "failure";
  const std::string message = "expected " + judgement.expected + ", got " + judgement.got;
  const std::string evidence =
      judgement.evidence.empty() ? "none was written" : judgement.evidence.string();
  fmt::format_to(std::back_inserter(xml),
                 ">\n      <{0} type=\"{1}\" message=\"{2}\">expected: {3}\ngot: {4}\nevidence: "
                 "{5}</{0}>\n    </testcase>\n",
                 element, judgement.is_error ? "not judged" : "expectation",
                 escaped(report::cut(message, most_message)),
                 escaped(report::cut(judgement.expected, most_detail)),
                 escaped(report::cut(judgement.got, most_detail)), escaped(evidence));
  return xml;
}

/// "2026-01-31T12:00:00": older schemas take neither fractions nor a zone; it is UTC.
std::string timestamp(const std::string& started) {
  return started.size() >= 19 ? started.substr(0, 19) : "1970-01-01T00:00:00";
}

std::string suite_xml(const DrillOutcome& outcome, std::size_t number) {
  const auto count = [&](bool errors) {
    return std::count_if(
        outcome.judgements.begin(), outcome.judgements.end(),
        [&](const Judgement& each) { return !each.passed && each.is_error == errors; });
  };
  const bool judged = count(true) == 0;
  std::string xml = fmt::format(
      "  <testsuite id=\"{}\" package=\"issu.drill\" name=\"{}\" hostname=\"localhost\" "
      "timestamp=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"0\" "
      "time=\"{:.3f}\">\n",
      number, escaped(outcome.scenario), timestamp(outcome.started),
      outcome.judgements.size() + (judged ? 1 : 0), count(false), count(true), outcome.seconds);
  add_properties(xml, outcome);
  if (judged) {
    // Expectations take no time of their own; the drill's stands here, so that CI can add it up.
    fmt::format_to(std::back_inserter(xml),
                   "    <testcase classname=\"{}\" name=\"the drill runs to its end\" "
                   "time=\"{:.3f}\"/>\n",
                   escaped(outcome.scenario), outcome.seconds);
  }
  for (const Judgement& judgement : outcome.judgements) {
    xml += case_xml(outcome, judgement);
  }
  xml += "    <system-out>" + escaped(report::cut(to_table(outcome), most_output)) +
         "</system-out>\n    <system-err></system-err>\n";
  return xml + "  </testsuite>\n";
}

}  // namespace

std::string to_junit(const std::vector<DrillOutcome>& outcomes) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    xml += suite_xml(outcomes[i], i);
  }
  return xml + "</testsuites>\n";
}

}  // namespace issu::drill
