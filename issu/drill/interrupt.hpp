#pragma once

#include <signal.h>

#include <chrono>
#include <optional>

#include "issu/base/clock.hpp"

namespace issu::drill {

/// Takes SIGINT, SIGTERM and SIGHUP of this thread as a wish to stop instead of an end, so that
/// a drill can clean up. Threads started afterwards inherit the blocked signals. The old mask is
/// restored at the end of its life.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// From this moment on it is as if one had come: what runs longer is to stop and clean up. A
  /// later call takes the place of an earlier one.
  void end_at(Deadline end) { end_ = end; }

  /// Whether one of them has come, now or earlier, or the time of `end_at` is up.
  [[nodiscard]] bool came() { return sleep(std::chrono::milliseconds(0)); }
  /// Whether it is the time that is up, and nobody asked for a stop.
  [[nodiscard]] bool time_is_up() const { return !came_ && end_ && end_->passed(); }
  /// Sleeps; ends early and says true when one of them has come, or the time is up.
  bool sleep(std::chrono::milliseconds time);

 private:
  sigset_t signals_{};
  sigset_t before_{};
  bool came_ = false;
  std::optional<Deadline> end_;
};

}  // namespace issu::drill
