#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace issu {

/// Nanoseconds of CLOCK_MONOTONIC of the host: what every process of one boot agrees on (those
/// that CRIU restored excepted: they live in a time namespace of their own).
using MonoNs = std::int64_t;

[[nodiscard]] MonoNs mono_now();
/// Nanoseconds since 1970 (CLOCK_REALTIME), for people and logs, never for a duration.
[[nodiscard]] std::int64_t wall_now();
/// What has to be added to the monotonic clock to get the wall clock now. Read several times until
/// both readings lie close together: a process that has to wait between them would be off by that.
[[nodiscard]] std::int64_t wall_minus_mono();
/// "2026-01-31T12:00:00.123Z"
[[nodiscard]] std::string iso_time(std::int64_t wall_ns);

[[nodiscard]] inline double to_ms(MonoNs nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e6;
}
[[nodiscard]] inline double to_s(MonoNs nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e9;
}

/// A point after which waiting is given up.
class Deadline {
 public:
  static Deadline in(std::chrono::nanoseconds time) { return Deadline(mono_now() + time.count()); }
  [[nodiscard]] bool passed() const { return mono_now() >= at_; }
  /// Milliseconds left, 0 when passed: fits poll(2).
  [[nodiscard]] int left_ms() const;
  [[nodiscard]] MonoNs at() const { return at_; }

 private:
  explicit Deadline(MonoNs at) : at_(at) {}
  MonoNs at_;
};

/// Calls `ready` each `interval` until it says true or the deadline passes.
/// Returns whether it said true.
bool wait_until(const std::function<bool()>& ready, Deadline deadline,
                std::chrono::milliseconds interval = std::chrono::milliseconds(10));

void sleep_for(std::chrono::nanoseconds time);

}  // namespace issu
