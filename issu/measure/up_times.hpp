#pragma once

#include <cstdint>
#include <cstdlib>

#include "issu/base/clock.hpp"

namespace issu::measure {

/// Tells one coming up of a session from another by the moment that the peer's daemon gives for
/// it. BIRD works that moment out anew for each answer, from two clocks that it read at different
/// times: on a machine that is busy the same moment is told some 100 ms apart. And a clock that is
/// being corrected moves it a little with every answer.
class UpTimes {
 public:
  /// Nearer than this is the same moment: no session goes down and comes up twice so fast.
  static constexpr MonoNs same_moment = 500'000'000;

  /// A number for the moment `since` (nanoseconds): the number of the last one when it is the same
  /// moment, else a new one.
  std::uint64_t incarnation(MonoNs since) {
    if (count_ == 0 || std::abs(since - last_) > same_moment) {
      ++count_;
    }
    last_ = since;
    return count_;
  }

 private:
  MonoNs last_ = 0;
  std::uint64_t count_ = 0;
};

/// The same where a daemon says for how many whole seconds a session has been up: a number that is
/// smaller than at the last look is of another coming up.
class UpFor {
 public:
  std::uint64_t incarnation(std::uint64_t seconds) {
    if (count_ == 0 || seconds < last_) {
      ++count_;
    }
    last_ = seconds;
    return count_;
  }

 private:
  std::uint64_t last_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace issu::measure
