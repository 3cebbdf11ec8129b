#include "issu/drill/junit_case.hpp"

#include <fmt/format.h>

#include <iterator>

#include "issu/report/figures.hpp"
#include "issu/report/html.hpp"

namespace issu::drill {
namespace {

using report::escaped;

constexpr std::size_t most_message = 400;
constexpr std::size_t most_detail = 4U << 10U;

std::string message_of(const Judgement& judgement) {
  return escaped(
      report::cut("expected " + judgement.expected + ", got " + judgement.got, most_message));
}

const char* type_of(const Judgement& judgement) {
  return judgement.is_error ? "not judged" : "expectation";
}

std::string detail_of(const Judgement& judgement) {
  const std::string evidence =
      judgement.evidence.empty() ? "none was written" : judgement.evidence.string();
  return fmt::format("expected: {}\ngot: {}\nevidence: {}",
                     escaped(report::cut(judgement.expected, most_detail)),
                     escaped(report::cut(judgement.got, most_detail)), escaped(evidence));
}

/// Where one attempt ended, in the words of who asked for several.
std::string at_attempt(unsigned attempt, bool several) {
  return several ? fmt::format("attempt {}: ", attempt) : "";
}

std::string problem_xml(const Judgement& judgement, unsigned attempt, bool several) {
  return fmt::format("      <{0} type=\"{1}\" message=\"{2}{3}\">{4}</{0}>\n",
                     judgement.is_error ? "error" : "failure", type_of(judgement),
                     at_attempt(attempt, several), message_of(judgement), detail_of(judgement));
}

std::string earlier_xml(const JunitCase::Earlier& each, const char* kind) {
  return fmt::format(
      "      <{0}{1} type=\"{2}\" message=\"{3}{4}\"><stackTrace>{5}</stackTrace></{0}{1}>\n", kind,
      each.judgement.is_error ? "Error" : "Failure", type_of(each.judgement),
      at_attempt(each.attempt, true), message_of(each.judgement), detail_of(each.judgement));
}

/// In the order that the schema has: failure, rerunFailure, flakyFailure, error, rerunError,
/// flakyError.
struct Parts {
  std::string failures;
  std::string errors;

  void add(const Judgement& judgement, std::string xml) {
    (judgement.is_error ? errors : failures) += xml;
  }
};

Parts parts_of(unsigned attempt, const JunitCase& each) {
  Parts parts;
  if (!each.problem) {
    for (const auto& earlier : each.earlier) {
      parts.add(earlier.judgement, earlier_xml(earlier, "flaky"));
    }
    return parts;
  }
  // The case is counted by its end, a failure or an error: that comes first of its kind.
  parts.add(*each.problem, problem_xml(*each.problem, attempt, !each.earlier.empty()));
  for (const auto& earlier : each.earlier) {
    parts.add(earlier.judgement, earlier_xml(earlier, "rerun"));
  }
  return parts;
}

}  // namespace

std::string junit_case(const std::string& scenario, unsigned attempt, const JunitCase& each) {
  std::string xml = fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"",
                                escaped(scenario), escaped(report::cut(each.name, most_message)));
  xml += each.seconds > 0 ? fmt::format("{:.3f}\"", each.seconds) : "0\"";
  const Parts parts = parts_of(attempt, each);
  if (parts.failures.empty() && parts.errors.empty()) {
    return xml + "/>\n";
  }
  return xml + ">\n" + parts.failures + parts.errors + "    </testcase>\n";
}

}  // namespace issu::drill
