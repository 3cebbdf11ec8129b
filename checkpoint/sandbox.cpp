#include "checkpoint/sandbox.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"

namespace issu::checkpoint {
namespace {

/// How the sandbox's first process ends: 0, a step that failed, or an errno of making it.
enum class Why : int { nothing, exit_code, victim, making };
struct Report {
  Why why = Why::nothing;
  int step = 0;
  int number = 0;  ///< exit code or errno
};

/// Prepared before the clone: the new process does system calls only.
struct Plan {
  std::vector<std::vector<char*>> argv;
  std::vector<Sandbox::Victim> afterwards;
};

constexpr int socket_fd_of_victim = 3;

/// The victim. It is another program than ours, started in here: CRIU looks up the mounts of all
/// that a process has mapped or open, and what was opened outside is not among them.
[[noreturn]] void be_victim() {
  setsid();
  close_range(3, ~0U, 0);
  const int null = open("/dev/null", O_RDWR);
  const int socket_fd = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  local.sin_port = htons(9);
  if (null < 0 || socket_fd < 0 ||
      connect(socket_fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0 ||
      dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
      dup2(socket_fd, socket_fd_of_victim) < 0) {
    _exit(errno);
  }
  close_range(socket_fd_of_victim + 1, ~0U, 0);
  execl("/bin/sleep", "sleep", "600", nullptr);
  _exit(errno);
}

bool loopback_up() {
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", 3);
  request.ifr_flags = IFF_UP;
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  return fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0 && close(fd) == 0;
}

bool furnish() {
  return mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("proc", "/proc", "proc", 0, nullptr) == 0 &&
         mount("tmpfs", "/run", "tmpfs", 0, "mode=0700") == 0 &&
         mkdir(Sandbox::images, 0700) == 0 && loopback_up();
}

/// The victim's own name is there once its exec is done.
bool victim_sleeps() {
  for (int tries = 0; tries < 2000; ++tries) {
    char name[16] = {};
    const int fd = open("/proc/2/comm", O_RDONLY | O_CLOEXEC);
    const bool asleep =
        fd >= 0 && read(fd, name, sizeof name) > 0 && memcmp(name, "sleep\n", 6) == 0;
    close(fd);
    if (asleep) {
      return true;
    }
    if (waitpid(Sandbox::victim_pid, nullptr, WNOHANG) != 0) {
      return false;
    }
    usleep(1000);
  }
  return false;
}

bool victim_is(Sandbox::Victim expected) {
  if (expected == Sandbox::Victim::gone) {
    for (int tries = 0; tries < 1000; ++tries) {
      waitpid(Sandbox::victim_pid, nullptr, WNOHANG);
      if (kill(Sandbox::victim_pid, 0) != 0) {
        return true;
      }
      usleep(1000);
    }
    return false;
  }
  char link[32] = {};
  return victim_sleeps() && readlink("/proc/2/fd/3", link, sizeof link - 1) > 0 &&
         strncmp(link, "socket:", 7) == 0;
}

Report run_steps(const Plan& plan) {
  for (std::size_t step = 0; step < plan.argv.size(); ++step) {
    const pid_t pid = fork();
    if (pid == 0) {
      execv(plan.argv[step][0], plan.argv[step].data());
      _exit(127);
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0) {
      return {Why::exit_code, static_cast<int>(step),
              WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)};
    }
    if (!victim_is(plan.afterwards[step])) {
      return {Why::victim, static_cast<int>(step), 0};
    }
  }
  return {};
}

[[noreturn]] void be_first(const Plan& plan, int report_fd, int log_fd) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_IGN);
  Report report;
  if (!furnish()) {
    report = {Why::making, 0, errno};
  } else {
    const pid_t victim = fork();
    if (victim == 0) {
      be_victim();
    }
    if (victim != Sandbox::victim_pid || !victim_sleeps()) {
      report = {Why::making, 0, ECHILD};
    } else {
      dup2(log_fd, 1);
      dup2(log_fd, 2);
      report = run_steps(plan);
    }
  }
  const bool told = write(report_fd, &report, sizeof report) == sizeof report;
  _exit(told ? 0 : 1);
}

/// Reads until the other end is closed; false when the deadline came first.
bool drain(const Fd& fd, std::string& text, const Deadline& deadline) {
  char buffer[4096];
  for (;;) {
    pollfd watched{fd.get(), POLLIN, 0};
    const int ready = poll(&watched, 1, deadline.left_ms());
    if (ready == 0) {
      return false;
    }
    const ssize_t count = ready < 0 ? -1 : read(fd.get(), buffer, sizeof buffer);
    if (count == 0 || (count < 0 && errno != EINTR)) {
      return true;
    }
    text.append(buffer, static_cast<std::size_t>(count < 0 ? 0 : count));
  }
}

}  // namespace

Result<SandboxOutcome> run_in_sandbox(const Sandbox& sandbox, std::chrono::milliseconds timeout) {
  Plan plan;
  for (const Sandbox::Step& step : sandbox.steps) {
    std::vector<char*> argv;
    for (const std::string& word : step.argv) {
      argv.push_back(const_cast<char*>(word.c_str()));
    }
    argv.push_back(nullptr);
    plan.argv.push_back(std::move(argv));
    plan.afterwards.push_back(step.afterwards);
  }
  int ends[4];
  if (pipe2(ends, O_CLOEXEC) != 0 || pipe2(ends + 2, O_CLOEXEC) != 0) {
    return fail_errno("making pipes for a sandbox");
  }
  Fd report_out(ends[0]);
  Fd report_in(ends[1]);
  Fd log_out(ends[2]);
  Fd log_in(ends[3]);
  // A fork with namespaces: what is killed here takes all that it started with it.
  const auto pid =
      static_cast<pid_t>(syscall(SYS_clone, SIGCHLD | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET,
                                 nullptr, nullptr, nullptr, nullptr));
  if (pid < 0) {
    return fail_errno("making namespaces for a sandbox", "root is needed");
  }
  if (pid == 0) {
    be_first(plan, report_in.get(), log_in.get());
  }
  report_in.reset();
  log_in.reset();
  const Deadline deadline = Deadline::in(timeout);
  SandboxOutcome outcome;
  std::string told;
  const bool in_time = drain(log_out, outcome.log, deadline) && drain(report_out, told, deadline);
  kill(pid, SIGKILL);
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) {
    return fail("not done within " + std::to_string(timeout.count()) + " ms", "",
                ErrorKind::timeout);
  }
  Report report;
  if (told.size() != sizeof report) {
    return fail("the first process of the sandbox ended without a word");
  }
  std::memcpy(&report, told.data(), sizeof report);
  if (report.why == Why::making) {
    return fail(Error::from_errno("furnishing a sandbox", report.number));
  }
  if (report.why != Why::nothing) {
    outcome.failed_step = sandbox.steps[static_cast<std::size_t>(report.step)].name;
    outcome.reason = report.why == Why::exit_code ? "ended with " + std::to_string(report.number)
                                                  : "the process is not as it should be afterwards";
  }
  return outcome;
}

}  // namespace issu::checkpoint
