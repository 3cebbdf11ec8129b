#include "issu/base/worker.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace issu {

Result<Worker> Worker::start(const std::function<int()>& work) {
  std::fflush(nullptr);  // what waits in a buffer is ours to say, once
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    return fail_errno("forking");
  }
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int code = ::getppid() == parent ? work() : 1;  // it ended before we asked for that
    std::fflush(nullptr);
    ::_exit(code);
  }
  Worker worker(pid);
  if (!worker.ends_) {
    return fail_errno("watching a process of ours");
  }
  return worker;
}

Worker::Worker(pid_t pid) : pid_(pid), ends_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

Worker::Worker(Worker&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), ends_(std::move(other.ends_)), status_(other.status_) {}

Worker::~Worker() {
  if (pid_ > 0 && !status_) {
    static_cast<void>(kill(std::chrono::seconds(3)));
  }
}

std::optional<int> Worker::wait(std::chrono::milliseconds time) {
  if (!status_) {
    pollfd watched{ends_.get(), POLLIN, 0};
    ::poll(&watched, 1, static_cast<int>(time.count()));
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
  }
  return status_;
}

bool Worker::kill(std::chrono::milliseconds time) {
  if (!status_) {
    ::kill(pid_, SIGKILL);
  }
  return wait(time).has_value();
}

}  // namespace issu
