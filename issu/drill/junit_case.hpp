#pragma once

#include <optional>
#include <string>
#include <vector>

#include "issu/drill/outcome.hpp"

namespace issu::drill {

/// An expectation as JUnit has it.
struct JunitCase {
  struct Earlier {
    unsigned attempt;
    Judgement judgement;  ///< one that failed
  };

  std::string name;
  double seconds = 0;
  std::optional<Judgement> problem;  ///< of the last attempt; no value: it passed
  std::vector<Earlier> earlier;      ///< what it failed in before
};

/// One `testcase`. Earlier failures are told as Maven's Surefire tells them (its report
/// schema, 3.0), which Jenkins reads, and some of GitHub's reporters: `flakyFailure` and
/// `flakyError` in a case that passed at last, `rerunFailure` and `rerunError` beside the `failure`
/// or `error` of one that did not. Who does not know these elements sees how the last attempt
/// ended.
[[nodiscard]] std::string junit_case(const std::string& scenario, unsigned attempt,
                                     const JunitCase& each);

}  // namespace issu::drill
