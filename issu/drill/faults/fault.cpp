/// A shared library for LD_PRELOAD: ends or stops its process at the N-th time that a file is
/// synced. ISSU_FAULT="kill-after-sync:journal:3": after the third fsync or fdatasync of a file
/// whose name has "journal" in it has come back from the disk, it is killed. "hang-after-sync:…"
/// has it wait for ever there, "hang-before-write:…" before the N-th write to it.
/// "clock-after-sync:…" has it see a wall clock that is an hour ahead from there on.
///
/// It takes LD_PRELOAD and ISSU_FAULT out of the environment when it is loaded: programs that the
/// process starts run without it. What it forks counts on with it, so that it happens once.

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <new>

namespace {

enum class Order { none, kill_after, hang_after, hang_before, clock_after };
struct Word {
  const char* text;
  Order order;
};
constexpr Word kWords[] = {{"kill-after-sync:", Order::kill_after},
                           {"hang-after-sync:", Order::hang_after},
                           {"hang-before-write:", Order::hang_before},
                           {"clock-after-sync:", Order::clock_after}};

// An interposed function has no other place for its state than the process.
char name_part[64];
Order what = Order::none;
std::atomic<long>* syncs_left = nullptr;  ///< or writes; shared with what is forked

using Sync = int (*)(int);

Sync next(const char* symbol) {
  Sync function = nullptr;
  void* address = dlsym(RTLD_NEXT, symbol);
  memcpy(&function, &address, sizeof function);
  return function;
}

bool is_meant(int fd) {
  char link[32];
  char path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) {
    return false;
  }
  path[length] = '\0';
  const char* slash = strrchr(path, '/');
  return strstr(slash == nullptr ? path : slash, name_part) != nullptr;
}

void hang() {
  for (;;) {
    pause();
  }
}

int sync_and_count(Sync real, int fd) {
  const bool now = what != Order::none && what != Order::hang_before && is_meant(fd) &&
                   syncs_left->fetch_sub(1) == 1;
  const int result = real(fd);
  if (now && what == Order::kill_after) {
    kill(getpid(), SIGKILL);
  }
  if (now && what == Order::hang_after) {
    hang();
  }
  return result;
}

void obey(const Word& word, const char* rest) {
  const char* colon = strrchr(rest, ':');
  const size_t length = colon == nullptr ? 0 : static_cast<size_t>(colon - rest);
  void* shared =
      mmap(nullptr, sizeof *syncs_left, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (length == 0 || length >= sizeof name_part || shared == MAP_FAILED) {
    return;
  }
  memcpy(name_part, rest, length);
  syncs_left = new (shared) std::atomic<long>(strtol(colon + 1, nullptr, 10));
  what = word.order;
}

__attribute__((constructor)) void read_order() {
  const char* order = getenv("ISSU_FAULT");
  for (const Word& word : kWords) {
    if (order != nullptr && strncmp(order, word.text, strlen(word.text)) == 0) {
      obey(word, order + strlen(word.text));
    }
  }
  unsetenv("ISSU_FAULT");
  unsetenv("LD_PRELOAD");
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int fsync(int fd) {
  static const Sync real = next("fsync");
  return sync_and_count(real, fd);
}

__attribute__((visibility("default"))) ssize_t write(int fd, const void* bytes, size_t size) {
  if (what == Order::hang_before && is_meant(fd) && syncs_left->fetch_sub(1) == 1) {
    hang();
  }
  return syscall(SYS_write, fd, bytes, size);
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t id, timespec* time) noexcept {
  // Not through dlsym: it is called before a library can be asked for anything.
  const int result = static_cast<int>(syscall(SYS_clock_gettime, id, time));
  const bool ahead = what == Order::clock_after && syncs_left->load() <= 0;
  if (result == 0 && ahead && id == CLOCK_REALTIME) {
    time->tv_sec += 3600;
  }
  return result;
}

__attribute__((visibility("default"))) int fdatasync(int fd) {
  static const Sync real = next("fdatasync");
  return sync_and_count(real, fd);
}
}
