#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "issu/base/clock.hpp"

namespace issu::measure {

/// The clocks of one moment.
struct ClockReading {
  MonoNs mono = 0;
  std::int64_t wall_minus_mono = 0;
  std::int64_t slept = 0;  ///< CLOCK_BOOTTIME minus CLOCK_MONOTONIC: how long the machine slept
};

[[nodiscard]] ClockReading read_clocks();

/// Notices between two readings that the wall clock was set, or that the machine slept.
class ClockWatch {
 public:
  /// What happened since the last reading, in words; nothing at the first.
  std::optional<std::string> look(const ClockReading& now);

  /// How far the wall clock was set, all steps by their size, in ms. Nothing that is measured
  /// depends on it.
  [[nodiscard]] double set_ms() const { return set_ms_; }
  /// Time in which the machine slept: CLOCK_MONOTONIC stood still, and nobody measured. In ms.
  [[nodiscard]] double slept_ms() const { return slept_ms_; }

 private:
  std::optional<ClockReading> last_;
  double set_ms_ = 0;
  double slept_ms_ = 0;
};

}  // namespace issu::measure
