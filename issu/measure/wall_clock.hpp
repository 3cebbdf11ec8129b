#pragma once

#include <algorithm>
#include <cstdint>

#include "issu/base/clock.hpp"

namespace issu::measure {

/// Moves time stamps of the wall clock (of the kernel, of a log) onto the monotonic one.
///
/// One reading of the two clocks is wrong by as much as the reader had to wait between them, so
/// readings that lie close to each other are averaged: the lengths between two stamps are right to
/// a few microseconds. A reading that lies elsewhere is a clock that was set; it is taken as it is.
class WallClock {
 public:
  void read() { take(wall_minus_mono()); }
  /// `offset`: wall clock minus monotonic clock, as just read.
  void take(std::int64_t offset) {
    const std::int64_t difference = offset - offset_;
    const bool close = difference <= slack && -difference <= slack;
    offset_ = known_ && close ? offset_ + difference / 16 : offset;
    known_ = true;
  }
  /// When something with this stamp happened. It was between two times of the monotonic clock,
  /// whatever was done to the wall clock in the meantime.
  [[nodiscard]] MonoNs when(std::int64_t wall_ns, MonoNs earliest, MonoNs latest) const {
    return std::clamp(wall_ns - offset_, std::min(earliest, latest), latest);
  }

 private:
  static constexpr std::int64_t slack = 200'000;
  std::int64_t offset_ = 0;
  bool known_ = false;
};

}  // namespace issu::measure
