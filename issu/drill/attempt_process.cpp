#include "issu/drill/attempt_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "issu/base/clock.hpp"
#include "issu/drill/outcome_wire.hpp"

namespace issu::drill {
namespace {

/// A lab with a full routing table takes its time to be taken away.
constexpr auto kGrace = std::chrono::minutes(5);

/// What was written before an error is not a whole text, and is noticed by who reads it.
void write_all(int fd, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(fd, text.data() + done, text.size() - done);
    if (count < 0 && errno != EINTR) {
      return;
    }
    done += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
  }
}

/// A line for the process that reads them. As long as it lives it is waited for; afterwards lines
/// are lost rather than waited with.
void write_line(const std::string& line, pid_t reader) {
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t count = ::write(STDERR_FILENO, line.data() + done, line.size() - done);
    if (count >= 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN && ::getppid() == reader) {
      pollfd room{STDERR_FILENO, POLLOUT, 0};
      (void)::poll(&room, 1, 100);
    } else if (errno != EINTR) {
      return;
    }
  }
}

[[noreturn]] void run(const AttemptProcess::Play& play, pid_t parent, int lines, int result) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent || ::dup2(lines, STDOUT_FILENO) < 0 ||
      ::dup2(lines, STDERR_FILENO) < 0) {
    ::_exit(EXIT_FAILURE);
  }
  const DrillOutcome outcome =
      play([parent](const std::string& line) { write_line(line + "\n", parent); });
  std::fflush(nullptr);
  write_all(result, pack(outcome));
  ::_exit(EXIT_SUCCESS);
}

}  // namespace

Result<AttemptProcess> AttemptProcess::start(const Play& play, Say say) {
  int ends[2];
  // Neither end waits, and the new process has both: should this one be killed, the other's words
  // are lost, and nothing keeps it from taking its lab away (neither a full pipe nor SIGPIPE).
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    return fail_errno("making a pipe for a drill");
  }
  Fd reading(ends[0]);
  const Fd writing(ends[1]);
  Fd result(::memfd_create("issu-drill", MFD_CLOEXEC));
  if (!result) {
    return fail_errno("making a file in memory for a drill");
  }
  std::fflush(nullptr);  // or both would write what is still buffered
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    return fail_errno("forking for a drill");
  }
  if (pid == 0) {
    run(play, parent, writing.get(), result.get());
  }
  return AttemptProcess(pid, std::move(reading), std::move(result), std::move(say));
}

AttemptProcess::AttemptProcess(AttemptProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      lines_(std::move(other.lines_)),
      result_(std::move(other.result_)),
      say_(std::move(other.say_)),
      begun_(std::move(other.begun_)),
      ended_(other.ended_),
      status_(other.status_) {}

AttemptProcess& AttemptProcess::operator=(AttemptProcess&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, -1);
    lines_ = std::move(other.lines_);
    result_ = std::move(other.result_);
    say_ = std::move(other.say_);
    begun_ = std::move(other.begun_);
    ended_ = other.ended_;
    status_ = other.status_;
  }
  return *this;
}

AttemptProcess::~AttemptProcess() {
  end();
}

void AttemptProcess::end() {
  if (pid_ <= 0 || ended_) {
    return;
  }
  const auto gone = [this] { return poll(); };
  stop();
  if (!wait_until(gone, Deadline::in(kGrace), std::chrono::milliseconds(50))) {
    ::kill(pid_, SIGKILL);
    (void)wait_until(gone, Deadline::in(std::chrono::seconds(10)));
  }
}

void AttemptProcess::stop() {
  if (pid_ > 0 && !ended_) {
    ::kill(pid_, SIGTERM);
  }
}

void AttemptProcess::pass_lines_on() {
  char buffer[4096];
  for (ssize_t count = 0; (count = ::read(lines_.get(), buffer, sizeof buffer)) > 0;) {
    begun_.append(buffer, static_cast<std::size_t>(count));
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = begun_.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      say_(begun_.substr(begin, end - begin));
    }
    begun_.erase(0, begin);
  }
}

bool AttemptProcess::poll() {
  if (pid_ <= 0 || ended_) {
    return true;
  }
  // First the end, then the lines: none is said after it.
  ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  pass_lines_on();
  if (ended_ && !begun_.empty()) {
    say_(std::exchange(begun_, {}));
  }
  return ended_;
}

Result<DrillOutcome> AttemptProcess::outcome() const {
  if (WIFSIGNALED(status_)) {
    return fail(fmt::format("its process was killed by signal {}", WTERMSIG(status_)),
                "`issu drill clean` takes its lab away");
  }
  std::string text;
  char buffer[65536];
  off_t at = 0;
  for (ssize_t count = 0; (count = ::pread(result_.get(), buffer, sizeof buffer, at)) > 0;
       at += count) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return unpack(text);
}

}  // namespace issu::drill
