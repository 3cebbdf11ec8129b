// Preloaded into the instrument: a wall clock that jumps by an hour forward and two back, each half
// second. CLOCK_REALTIME has no namespace, and a test must not set that of the machine.

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

extern "C" int clock_gettime(clockid_t clock, timespec* time) {
  const long result = ::syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && clock == CLOCK_REALTIME) {
    timespec mono{};
    ::syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &mono);
    switch ((mono.tv_sec * 2 + mono.tv_nsec / 500'000'000) % 3) {
      case 1:
        time->tv_sec += 3600;
        break;
      case 2:
        time->tv_sec -= 3600;
        break;
      default:
        break;
    }
  }
  return static_cast<int>(result);
}
