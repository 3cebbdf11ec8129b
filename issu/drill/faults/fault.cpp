/// A shared library for LD_PRELOAD: kills its process right after the N-th time that a file was
/// synced. ISSU_FAULT="kill-after-sync:journal:3": after the third fsync or fdatasync of a file
/// whose name has "journal" in it has come back from the disk.
///
/// It takes LD_PRELOAD and ISSU_FAULT out of the environment when it is loaded: programs that the
/// process starts run without it.

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>

namespace {

constexpr char kOrder[] = "kill-after-sync:";

// An interposed function has no other place for its state than the process.
char name_part[64];
std::atomic<long> syncs_left{0};

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

int sync_and_count(Sync real, int fd) {
  const bool counted = syncs_left.load() > 0 && is_meant(fd);
  const int result = real(fd);
  if (result == 0 && counted && syncs_left.fetch_sub(1) == 1) {
    kill(getpid(), SIGKILL);
  }
  return result;
}

__attribute__((constructor)) void read_order() {
  const char* order = getenv("ISSU_FAULT");
  if (order != nullptr && strncmp(order, kOrder, sizeof kOrder - 1) == 0) {
    const char* name = order + sizeof kOrder - 1;
    const char* colon = strrchr(name, ':');
    const size_t length = colon == nullptr ? 0 : static_cast<size_t>(colon - name);
    if (length > 0 && length < sizeof name_part) {
      memcpy(name_part, name, length);
      syncs_left = strtol(colon + 1, nullptr, 10);
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

__attribute__((visibility("default"))) int fdatasync(int fd) {
  static const Sync real = next("fdatasync");
  return sync_and_count(real, fd);
}
}
