#include "issu/doctor/probe.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"

namespace issu::doctor {
namespace {

/// What the trial's process writes: one character for the outcome, then words.
constexpr char worked = '+';
constexpr char failed = '-';
constexpr char too_late = '!';

void tell(int fd, char outcome, const std::string& words) {
  const std::string text = outcome + words.substr(0, 4000);
  if (::write(fd, text.data(), text.size()) < 0) {
    _exit(1);
  }
}

/// One line of an error: contexts and reasons, without the next steps (a capability has its own).
std::string words_of(const Error& error) {
  std::string text;
  for (auto context = error.contexts().rbegin(); context != error.contexts().rend(); ++context) {
    text += *context + ": ";
  }
  text += error.what();
  for (const Error& other : error.others()) {
    text += "; " + words_of(other);
  }
  return text;
}

std::string own_mounts() {
  if (::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("proc", "/proc", "proc", 0, nullptr) != 0 ||
      ::mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") != 0) {
    return std::string("mounts of its own for a trial: ") + std::strerror(errno);
  }
  return {};
}

[[noreturn]] void try_out(const Trial& trial, bool root, int fd) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (root) {
    if (const std::string wrong = own_mounts(); !wrong.empty()) {
      tell(fd, failed, wrong);
      _exit(1);
    }
  }
  auto outcome = trial();
  if (outcome) {
    tell(fd, worked, *outcome);
  } else {
    const Error& error = outcome.error();
    tell(fd, error.kind() == ErrorKind::timeout ? too_late : failed, words_of(error));
  }
  _exit(0);
}

/// The process between: it makes the pid namespace, and ends the trial when its time is over.
[[noreturn]] void guard(const Trial& trial, const Deadline& deadline, int fd) {
  const bool root = ::geteuid() == 0;
  if (root && ::unshare(CLONE_NEWPID) != 0) {
    tell(fd, failed, std::string("a pid namespace for a trial: ") + std::strerror(errno));
    _exit(1);
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (root && ::unshare(CLONE_NEWNS) != 0) {
      tell(fd, failed, std::string("a mount namespace for a trial: ") + std::strerror(errno));
      _exit(1);
    }
    try_out(trial, root, fd);
  }
  const auto ended = [pid] { return ::waitpid(pid, nullptr, WNOHANG) != 0; };
  if (!wait_until(ended, deadline, std::chrono::milliseconds(2))) {
    ::kill(pid, SIGKILL);
    tell(fd, too_late, "it hung");
    ::waitpid(pid, nullptr, 0);
  }
  _exit(0);
}

std::string read_until(const Fd& fd, const Deadline& deadline) {
  std::string text;
  char buffer[4096];
  for (;;) {
    pollfd watched{fd.get(), POLLIN, 0};
    const int ready = ::poll(&watched, 1, deadline.left_ms());
    if (ready < 0 && errno == EINTR) {
      continue;
    }
    const ssize_t count = ready <= 0 ? 0 : ::read(fd.get(), buffer, sizeof buffer);
    if (count <= 0) {
      return text;
    }
    text.append(buffer, static_cast<std::size_t>(count));
  }
}

}  // namespace

Result<std::string> probe(const Trial& trial, std::chrono::milliseconds time) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail_errno("making a pipe for a trial");
  }
  const Fd out(ends[0]);
  Fd in(ends[1]);
  const Deadline deadline = Deadline::in(time);
  const pid_t pid = ::fork();
  if (pid < 0) {
    return fail_errno("forking for a trial");
  }
  if (pid == 0) {
    guard(trial, deadline, in.get());
  }
  in.reset();
  // A process that no signal ends (stuck in the kernel) is left behind rather than waited for.
  const Deadline grace = Deadline::in(time + std::chrono::seconds(3));
  const std::string told = read_until(out, grace);
  const auto ended = [pid] { return ::waitpid(pid, nullptr, WNOHANG) != 0; };
  if (!wait_until(ended, grace, std::chrono::milliseconds(1))) {
    ::kill(pid, SIGKILL);
  }
  if (told.empty()) {
    return fail("the trial's process ended without a word");
  }
  if (told.front() == worked) {
    return told.substr(1);
  }
  if (told.front() == too_late) {
    return fail("not done within " + std::to_string(time.count()) + " ms", "", ErrorKind::timeout);
  }
  return fail(told.substr(1));
}

}  // namespace issu::doctor
