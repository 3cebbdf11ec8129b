#include "issu/base/clock.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <limits>
#include <thread>

namespace issu {
namespace {

std::int64_t read_clock(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

MonoNs mono_now() {
  return read_clock(CLOCK_MONOTONIC);
}

std::int64_t wall_now() {
  return read_clock(CLOCK_REALTIME);
}

std::int64_t wall_minus_mono() {
  constexpr MonoNs close_enough = 1'000;
  std::int64_t offset = 0;
  MonoNs closest = std::numeric_limits<MonoNs>::max();
  for (int attempt = 0; attempt < 5 && closest > close_enough; ++attempt) {
    const MonoNs before = mono_now();
    const std::int64_t wall = wall_now();
    const MonoNs after = mono_now();
    if (after - before < closest) {
      closest = after - before;
      offset = wall - (before + closest / 2);
    }
  }
  return offset;
}

std::string iso_time(std::int64_t wall_ns) {
  const std::time_t seconds = wall_ns / 1'000'000'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char date[32] = {};
  strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  char text[48] = {};
  std::snprintf(text, sizeof text, "%s.%03dZ", date, static_cast<int>(wall_ns / 1'000'000 % 1000));
  return text;
}

int Deadline::left_ms() const {
  const MonoNs left = at_ - mono_now();
  return left <= 0 ? 0 : static_cast<int>(std::min<MonoNs>((left + 999'999) / 1'000'000, 1 << 30));
}

bool wait_until(const std::function<bool()>& ready, Deadline deadline,
                std::chrono::milliseconds interval) {
  while (!ready()) {
    if (deadline.passed()) {
      return false;
    }
    sleep_for(interval);
  }
  return true;
}

void sleep_for(std::chrono::nanoseconds time) {
  std::this_thread::sleep_for(time);
}

}  // namespace issu
