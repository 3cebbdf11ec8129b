#pragma once

#include <string>

#include "issu/base/clock.hpp"
#include "issu/instrument.hpp"
#include "issu/journal.hpp"

namespace issu::cli {

/// Shows an upgrade on standard error while it runs: a line a phase, and on a terminal a line
/// that is rewritten with time and loss so far.
class Progress {
 public:
  Progress();
  /// A record that is new in the journal.
  void record(const Record& record);
  void remark(const std::string& text);
  /// Called now and then with what the measurement says.
  void tick(const LiveView& live);

 private:
  void clear_line();
  /// The line of a phase that is over; without a time where its beginning was not seen.
  void ended(const Record& record, const std::string& how);

  bool terminal_;
  bool line_open_ = false;
  MonoNs opened_ = 0;
  MonoNs begun_ = 0;
  MonoNs last_tick_ = 0;
  std::string phase_;
};

}  // namespace issu::cli
