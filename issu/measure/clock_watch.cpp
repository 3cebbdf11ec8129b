#include "issu/measure/clock_watch.hpp"

#include <time.h>

#include <cmath>
#include <cstdio>

namespace issu::measure {
namespace {

/// Smaller steps can be a reader that had to wait between two clocks, or a clock that is slewed.
constexpr double least_step_ms = 20;

}  // namespace

ClockReading read_clocks() {
  ClockReading reading;
  reading.wall_minus_mono = wall_minus_mono();
  timespec booted{};
  ::clock_gettime(CLOCK_BOOTTIME, &booted);
  reading.mono = mono_now();
  reading.slept =
      static_cast<std::int64_t>(booted.tv_sec) * 1'000'000'000 + booted.tv_nsec - reading.mono;
  return reading;
}

std::optional<std::string> ClockWatch::look(const ClockReading& now) {
  std::optional<std::string> words;
  if (last_) {
    const double slept = to_ms(now.slept - last_->slept);
    // A machine that slept finds its wall clock ahead: that is no setting of it.
    const double step = to_ms(now.wall_minus_mono - last_->wall_minus_mono) - std::max(slept, 0.0);
    char text[96] = {};
    if (slept > least_step_ms) {
      slept_ms_ += slept;
      std::snprintf(text, sizeof text, "the machine slept for %.3f s", slept / 1e3);
      words = text;
    } else if (std::abs(step) > least_step_ms) {
      set_ms_ += std::abs(step);
      std::snprintf(text, sizeof text, "the wall clock was set by %+.3f s", step / 1e3);
      words = text;
    }
  }
  last_ = now;
  return words;
}

}  // namespace issu::measure
