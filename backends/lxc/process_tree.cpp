#include "backends/lxc/process_tree.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"

namespace issu::backends::lxc {
namespace {

/// Of every process that lives, by its pid.
std::map<pid_t, pid_t> parents() {
  std::map<pid_t, pid_t> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc()) {
      continue;
    }
    // "PID (NAME) STATE PARENT …"; the name may hold anything.
    const std::string stat = read_file(entry->path() / "stat").value_or("");
    const auto at = stat.rfind(") ");
    pid_t parent = 0;
    if (at == std::string::npos || stat.size() < at + 5 || stat[at + 2] == 'Z' ||
        std::from_chars(stat.data() + at + 4, stat.data() + stat.size(), parent).ec !=
            std::errc()) {
      continue;
    }
    found[pid] = parent;
  }
  return found;
}

std::vector<pid_t> descendants(pid_t root) {
  const auto parent_of = parents();
  std::vector<pid_t> found;
  for (const auto& [pid, parent] : parent_of) {
    for (auto above = parent_of.find(parent); above != parent_of.end();
         above = parent_of.find(above->second)) {
      if (above->first == root) {
        found.push_back(pid);
        break;
      }
    }
  }
  return found;
}

}  // namespace

Result<void> wait_for_end(pid_t child, const Deadline& deadline) {
  const Fd ended(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  if (!ended) {
    return fail_errno("watching process " + std::to_string(child));
  }
  pollfd watched{ended.get(), POLLIN, 0};
  int ready = 0;
  while ((ready = ::poll(&watched, 1, deadline.left_ms())) < 0 && errno == EINTR) {
  }
  if (ready < 0) {
    return fail_errno("waiting for process " + std::to_string(child));
  }
  return ready > 0 ? Result<void>() : fail("it did not end in time", "", ErrorKind::timeout);
}

void end_tree(pid_t child) {
  // All of them stand still first: who ends hands its own to somebody else, and who runs forks.
  ::kill(child, SIGSTOP);
  std::vector<pid_t> below;
  wait_until(
      [&] {
        const auto before = std::exchange(below, descendants(child));
        for (const pid_t pid : below) {
          ::kill(pid, SIGSTOP);
        }
        return below == before;
      },
      Deadline::in(std::chrono::seconds(5)), std::chrono::milliseconds(1));
  for (const pid_t pid : below) {
    ::kill(pid, SIGKILL);
  }
  ::kill(child, SIGKILL);
}

}  // namespace issu::backends::lxc
