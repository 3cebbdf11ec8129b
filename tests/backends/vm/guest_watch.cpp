#include "tests/backends/vm/guest_watch.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"

namespace issu::testing {
namespace {

namespace fs = std::filesystem;

bool runs_qemu_in(const fs::path& process, const std::string& folder) {
  const auto line = read_file(process / "cmdline");
  return line && line->substr(0, line->find('\0')).find("qemu-system") != std::string::npos &&
         line->find(folder + "/") != std::string::npos;
}

[[noreturn]] void watch(int pipe) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
    ::signal(signal, SIG_IGN);
  }
  ::setsid();
  // Nothing of the test's stays open: who runs it waits until nobody can write its output.
  const int null = ::open("/dev/null", O_RDWR);
  for (const int fd : {0, 1, 2}) {
    ::dup2(null, fd);
  }
  ::dup2(pipe, 3);
  ::close_range(4, ~0U, 0);
  std::string told;
  char buffer[4096];
  for (ssize_t count = 0; (count = ::read(3, buffer, sizeof buffer)) > 0;) {
    told.append(buffer, static_cast<std::size_t>(count));
  }
  for (std::size_t at = 0, end = 0; (end = told.find('\n', at)) != std::string::npos;
       at = end + 1) {
    const std::string folder = told.substr(at, end - at);
    for (const ProcessId& guest : guests_in(folder)) {
      (void)end_process(guest, std::chrono::milliseconds(0));
    }
    (void)remove_tree(folder);
  }
  ::_exit(0);
}

/// The end of the pipe that is ours as long as we live.
int start_watch() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    std::abort();
  }
  const pid_t between = ::fork();
  if (between < 0) {
    std::abort();
  }
  if (between == 0) {
    ::close(ends[1]);
    // Not our child, so that nobody has to wait for it.
    if (::fork() == 0) {
      watch(ends[0]);
    }
    ::_exit(0);
  }
  ::waitpid(between, nullptr, 0);
  ::close(ends[0]);
  return ends[1];
}

}  // namespace

std::vector<ProcessId> guests_in(const fs::path& folder) {
  std::vector<ProcessId> found;
  std::error_code ignored;
  for (const auto& process : fs::directory_iterator("/proc", ignored)) {
    const std::string name = process.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    // The start time before the command line: so that it is still the same process.
    const ProcessId id = identify(static_cast<pid_t>(std::stol(name)));
    if (runs_qemu_in(process.path(), folder.string())) {
      found.push_back(id);
    }
  }
  return found;
}

void guests_die_with_us(const fs::path& folder) {
  static const int told = start_watch();
  const std::string line = folder.string() + "\n";
  if (::write(told, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    std::abort();
  }
}

}  // namespace issu::testing
