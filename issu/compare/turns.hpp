#pragma once

#include "issu/base/clock.hpp"
#include "issu/drill/interrupt.hpp"

namespace issu::compare {

/// How often a measurement is repeated: as often as wanted, while there is time for one more.
class Turns {
 public:
  /// `interrupt` outlives it, and ends with the row's time.
  Turns(unsigned wanted, Deadline until, drill::Interrupt& interrupt)
      : wanted_(wanted), until_(until), interrupt_(&interrupt) {}

  /// Whether to measure (once more): not when that would end too late, by the longest so far.
  bool next();
  /// Turns begun.
  [[nodiscard]] unsigned taken() const { return taken_; }
  /// Fewer than wanted, because the time was up.
  [[nodiscard]] bool cut() const { return cut_; }

 private:
  unsigned wanted_;
  Deadline until_;
  drill::Interrupt* interrupt_;
  unsigned taken_ = 0;
  bool cut_ = false;
  MonoNs began_ = 0;
  MonoNs longest_ = 0;
};

}  // namespace issu::compare
