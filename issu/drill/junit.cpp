#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "issu/drill/junit_case.hpp"
#include "issu/drill/junit_properties.hpp"
#include "issu/drill/outcome.hpp"
#include "issu/report/figures.hpp"
#include "issu/report/html.hpp"

namespace issu::drill {
namespace {

using report::escaped;

/// CI systems cut or refuse long output: GitLab keeps 1 MiB of a report's text, GitHub 64 KiB of an
/// annotation. The whole stands in the JSON document.
constexpr std::size_t most_output = 16U << 10U;

constexpr const char* kEnd = "the drill runs to its end";

/// "2026-01-31T12:00:00": older schemas take neither fractions nor a zone; it is UTC.
std::string timestamp(const std::string& started) {
  return started.size() >= 19 ? started.substr(0, 19) : "1970-01-01T00:00:00";
}

/// Expectations of a drill, each with what came of it in each attempt. The first is that it runs to
/// its end: expectations take no time of their own, and its time stands there, so that CI can add
/// it up.
std::vector<JunitCase> cases_of(const DrillOutcome& outcome) {
  std::vector<JunitCase> cases;
  const bool judged = std::none_of(outcome.judgements.begin(), outcome.judgements.end(),
                                   [](const Judgement& each) { return each.is_error; });
  if (judged) {
    cases.push_back({kEnd, outcome.seconds, std::nullopt, {}});
  }
  for (const Judgement& judgement : outcome.judgements) {
    cases.push_back(
        {judgement.what, 0, judgement.passed ? std::nullopt : std::optional(judgement), {}});
  }
  return cases;
}

/// Puts what an earlier attempt failed in beside the same expectation of the last: of those with
/// one name, the second beside the second. What the last attempt did not judge stands at its first
/// case.
void add_earlier(std::vector<JunitCase>& cases, const DrillOutcome& attempt) {
  std::vector<std::pair<std::string, std::size_t>> seen;
  for (const Judgement& judgement : attempt.judgements) {
    auto count = std::find_if(seen.begin(), seen.end(),
                              [&](const auto& each) { return each.first == judgement.what; });
    if (count == seen.end()) {
      count = seen.insert(seen.end(), {judgement.what, 0});
    }
    const std::size_t number = count->second++;
    if (judgement.passed) {
      continue;
    }
    auto place = cases.begin();
    for (std::size_t left = number; place != cases.end(); ++place) {
      if (place->name == judgement.what && left-- == 0) {
        break;
      }
    }
    (place == cases.end() ? cases.front() : *place).earlier.push_back({attempt.attempt, judgement});
  }
}

std::string suite_xml(const DrillOutcome& outcome, std::size_t number) {
  std::vector<JunitCase> cases = cases_of(outcome);
  for (const DrillOutcome& attempt : outcome.earlier) {
    add_earlier(cases, attempt);
  }
  const auto count = [&](bool errors) {
    return std::count_if(cases.begin(), cases.end(), [&](const JunitCase& each) {
      return each.problem && each.problem->is_error == errors;
    });
  };
  std::string xml = fmt::format(
      "  <testsuite id=\"{}\" package=\"issu.drill\" name=\"{}\" hostname=\"localhost\" "
      "timestamp=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"0\" "
      "time=\"{:.3f}\">\n",
      number, escaped(outcome.scenario), timestamp(outcome.started), cases.size(), count(false),
      count(true), outcome.seconds);
  xml += junit_properties(outcome);
  for (const JunitCase& each : cases) {
    xml += junit_case(outcome.scenario, outcome.attempt, each);
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
