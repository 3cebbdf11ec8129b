#pragma once

#include <functional>
#include <string>
#include <vector>

#include "issu/drill/attempt_process.hpp"
#include "issu/drill/demand.hpp"
#include "issu/drill/interrupt.hpp"
#include "issu/drill/outcome.hpp"

namespace issu::drill {

/// A drill that waits for its turn.
struct Planned {
  std::string name;
  Demand demand;
};

/// How a list of drills is gone through.
struct PoolOptions {
  Capacity capacity;
  unsigned retries = 0;  ///< further attempts at one that failed; they are run alone
  bool strict = false;   ///< one that passed at a later attempt only has failed
  /// A line of progress, with the drill's name before it.
  Say say;
  /// The same line for the attempt's own log.
  std::function<void(std::size_t drill, unsigned attempt, const std::string& line)> log;
  /// After each attempt, in the order in which they end.
  std::function<void(const DrillOutcome&)> attempted;
  /// What came of a drill, its earlier attempts in it.
  std::function<void(const DrillOutcome&)> ended;
};

/// Makes one attempt; called in a process of its own.
using PlayDrill = std::function<DrillOutcome(std::size_t drill, unsigned attempt, const Say& say)>;

/// Runs all of them, side by side where they don't disturb each other. What came of them, in the
/// order of `drills`; after an interrupt those that had begun only.
std::vector<DrillOutcome> run_pool(const std::vector<Planned>& drills, const PlayDrill& play,
                                   const PoolOptions& options, Interrupt& interrupt);

/// A drill that could not be judged is a failed one.
[[nodiscard]] DrillOutcome not_judged(const std::string& name, const Error& error);

}  // namespace issu::drill
