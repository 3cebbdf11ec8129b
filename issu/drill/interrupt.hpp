#pragma once

#include <signal.h>

#include <chrono>

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

  /// Whether one of them has come, now or earlier.
  [[nodiscard]] bool came() { return sleep(std::chrono::milliseconds(0)); }
  /// Sleeps; ends early and says true when one of them has come.
  bool sleep(std::chrono::milliseconds time);

 private:
  sigset_t signals_{};
  sigset_t before_{};
  bool came_ = false;
};

}  // namespace issu::drill
