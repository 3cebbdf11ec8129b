#include "tests/issu/matrix/machine.hpp"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace {

// What replaces libc's calls has no other place for its state than the process.
std::atomic<std::int64_t> slept{0};    ///< nanoseconds by which every clock is ahead
std::atomic<std::int64_t> forward{0};  ///< nanoseconds, the wall clock alone

constexpr std::int64_t second = 1'000'000'000;

std::int64_t to_ns(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * second + time.tv_nsec;
}

}  // namespace

namespace issu::tests::machine {

void set_clock_forward(std::chrono::seconds by) {
  forward = std::chrono::nanoseconds(by).count();
}

void set_clock_right() {
  forward = 0;
}

void pass_time(std::chrono::nanoseconds time) {
  slept += time.count();
}

}  // namespace issu::tests::machine

extern "C" {

int clock_gettime(clockid_t id, timespec* time) noexcept {
  if (::syscall(SYS_clock_gettime, id, time) != 0) {
    return -1;
  }
  const bool wall = id == CLOCK_REALTIME;
  if (wall || id == CLOCK_MONOTONIC) {
    const std::int64_t now = to_ns(*time) + slept + (wall ? forward.load() : 0);
    time->tv_sec = now / second;
    time->tv_nsec = now % second;
  }
  return 0;
}

int nanosleep(const timespec* time, timespec* /*left*/) {
  slept += to_ns(*time);
  return 0;
}

int clock_nanosleep(clockid_t id, int flags, const timespec* time, timespec* /*left*/) {
  std::int64_t span = to_ns(*time);
  if ((flags & TIMER_ABSTIME) != 0) {
    timespec now{};
    clock_gettime(id, &now);
    span -= to_ns(now);
  }
  slept += span > 0 ? span : 0;
  return 0;
}

int fsync(int fd) {
  if (fd < 0) {
    errno = EBADF;
    return -1;
  }
  return 0;
}

int fdatasync(int fd) {
  return fsync(fd);
}
}
