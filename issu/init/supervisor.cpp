#include "issu/init/supervisor.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace issu::init {
namespace {

constexpr MonoNs millisecond = 1'000'000;
constexpr off_t log_limit = 16 << 20;

std::string describe(int status) {
  return WIFEXITED(status) ? "exit " + std::to_string(WEXITSTATUS(status))
                           : "signal " + std::to_string(WTERMSIG(status));
}

/// Runs in the child.
[[noreturn]] void become(const DaemonPlan& plan, const std::filesystem::path& log) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  setsid();
  const int null = ::open("/dev/null", O_RDONLY);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (null >= 0) {
    dup2(null, 0);
  }
  if (out >= 0) {
    dup2(out, 1);
    dup2(out, 2);
  }
  close_range(3, ~0U, 0);
  std::vector<char*> argv;
  for (const std::string& word : plan.argv) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  dprintf(2, "%s cannot be started: %s\n", argv[0], std::strerror(errno));
  _exit(127);
}

}  // namespace

Supervisor::Supervisor(std::vector<DaemonPlan> plan, std::filesystem::path logs)
    : logs_(std::move(logs)) {
  for (DaemonPlan& daemon : plan) {
    daemons_.push_back(Daemon{.plan = std::move(daemon)});
  }
}

void Supervisor::start() {
  trouble_.clear();
  if (stage_ != Stage::held) {
    return;
  }
  stage_ = Stage::starting;
  start_ms_ = 0;
  began_at_ = mono_now();
  for (Daemon& daemon : daemons_) {
    daemon = Daemon{.plan = std::move(daemon.plan)};
  }
  step();
}

void Supervisor::kill_all() {
  // As process 1, "all processes" are those of this pid namespace, and never ourselves.
  ::kill(-1, SIGKILL);
  while (waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
    ::kill(-1, SIGKILL);
  }
  for (Daemon& daemon : daemons_) {
    daemon = Daemon{.plan = std::move(daemon.plan)};
  }
  stage_ = Stage::held;
  trouble_.clear();
}

void Supervisor::reap() {
  int status = 0;
  pid_t pid = 0;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    for (Daemon& daemon : daemons_) {
      if (daemon.pid == pid) {
        ended(daemon, status);
      }
    }
  }
}

void Supervisor::ended(Daemon& daemon, int status) {
  const MonoNs now = mono_now();
  daemon.pid = 0;
  daemon.exits += 1;
  daemon.last_end = describe(status);
  // A daemon that ran well for a while starts its back-off anew.
  daemon.failures_in_row =
      now - daemon.started_at > 30'000 * millisecond ? 1 : daemon.failures_in_row + 1;
  daemon.not_before = now + (50 * millisecond << std::min(daemon.failures_in_row, 7));
  if (!daemon.ready && stage_ == Stage::starting && trouble_.empty()) {
    trouble_ = daemon.plan.name + " ended with " + daemon.last_end + " before it was ready";
  }
  daemon.ready = false;
  daemon.readiness.reset();
}

bool Supervisor::may_start(const Daemon& daemon, MonoNs now) const {
  return daemon.pid == 0 && now >= daemon.not_before &&
         std::all_of(daemon.plan.after.begin(), daemon.plan.after.end(), [&](const auto& name) {
           return std::any_of(daemons_.begin(), daemons_.end(), [&](const Daemon& other) {
             return other.plan.name == name && other.ready;
           });
         });
}

void Supervisor::launch(Daemon& daemon, MonoNs now) {
  const auto log = logs_ / (daemon.plan.name + ".log");
  std::error_code ignored;
  if (std::filesystem::file_size(log, ignored) > log_limit && !ignored) {
    std::filesystem::remove(log, ignored);
  }
  const pid_t pid = fork();
  if (pid == 0) {
    become(daemon.plan, log);
  }
  daemon.started_at = now;
  if (pid < 0) {
    daemon.not_before = now + 100 * millisecond;
    return;
  }
  daemon.pid = pid;
  daemon.readiness.emplace(daemon.plan.socket, daemon.plan.question);
}

void Supervisor::ask(Daemon& daemon, MonoNs now) {
  daemon.ready = daemon.plan.socket.empty() || daemon.readiness->poll_once();
  const MonoNs limit = std::chrono::nanoseconds(daemon.plan.within).count();
  if (!daemon.ready && now - daemon.started_at > limit && trouble_.empty()) {
    trouble_ = daemon.plan.name + " did not answer on " + daemon.plan.socket + " within " +
               std::to_string(daemon.plan.within.count()) + " ms";
  }
}

void Supervisor::step() {
  reap();
  if (stage_ == Stage::held) {
    return;
  }
  // One that became ready can free the next at once, so again until nothing changes.
  for (bool changed = true; changed;) {
    changed = false;
    const MonoNs now = mono_now();
    for (Daemon& daemon : daemons_) {
      if (may_start(daemon, now)) {
        launch(daemon, now);
      }
      if (daemon.pid != 0 && !daemon.ready) {
        ask(daemon, now);
        changed = changed || daemon.ready;
      }
    }
  }
  if (stage_ == Stage::starting && std::all_of(daemons_.begin(), daemons_.end(),
                                               [](const Daemon& daemon) { return daemon.ready; })) {
    stage_ = Stage::active;
    trouble_.clear();
    start_ms_ = to_ms(mono_now() - began_at_);
  }
}

int Supervisor::wait_ms() const {
  if (stage_ == Stage::held) {
    return -1;
  }
  const MonoNs now = mono_now();
  int wait = -1;
  for (const Daemon& daemon : daemons_) {
    if (daemon.ready) {
      continue;
    }
    const MonoNs left = daemon.pid == 0 ? daemon.not_before - now : 0;
    const int here = static_cast<int>(std::clamp<MonoNs>(left / millisecond, 1, 1000));
    wait = wait < 0 ? here : std::min(wait, here);
  }
  return wait;
}

std::string Supervisor::report() const {
  std::string text;
  for (const Daemon& daemon : daemons_) {
    text += daemon.plan.name + " " + std::to_string(daemon.pid) +
            (daemon.ready ? " ready " : " not-ready ") + std::to_string(daemon.exits) + " " +
            (daemon.last_end.empty() ? "-" : daemon.last_end) + "\n";
  }
  return text;
}

}  // namespace issu::init
