#include "issu/base/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "issu/base/capabilities.hpp"

namespace issu {
namespace {

/// Everything the child needs, prepared before fork: between fork and exec nothing allocates.
struct ExecPlan {
  std::vector<char*> argv;
  std::vector<std::string> environment;
  std::vector<char*> envp;
  Fd netns;
  const char* folder = nullptr;
  bool powerless = false;
};

Result<ExecPlan> plan_exec(const Argv& argv, const std::filesystem::path& netns,
                           const std::vector<std::string>& extra,
                           const std::filesystem::path& folder) {
  if (argv.empty()) {
    return fail("no program was named");
  }
  ExecPlan plan;
  for (const std::string& word : argv) {
    plan.argv.push_back(const_cast<char*>(word.c_str()));
  }
  plan.argv.push_back(nullptr);
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::string_view name = text.substr(0, text.find('=') + 1);
    bool replaced = false;
    for (const std::string& added : extra) {
      replaced = replaced || added.starts_with(name);
    }
    if (!replaced) {
      plan.environment.emplace_back(text);
    }
  }
  plan.environment.insert(plan.environment.end(), extra.begin(), extra.end());
  for (std::string& variable : plan.environment) {
    plan.envp.push_back(variable.data());
  }
  plan.envp.push_back(nullptr);
  if (!netns.empty()) {
    plan.netns = Fd(::open(netns.c_str(), O_RDONLY | O_CLOEXEC));
    if (!plan.netns) {
      return fail_errno("opening the network namespace " + netns.string());
    }
  }
  plan.folder = folder.empty() ? nullptr : folder.c_str();
  return plan;
}

/// Runs in the child. Writes errno to `report` and ends when exec can't be done.
[[noreturn]] void exec_child(const ExecPlan& plan, int in, int out, int err, int report) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) {
    signal(number, SIG_DFL);
  }
  const bool placed = dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(err, 2) >= 0 &&
                      (!plan.netns || setns(plan.netns.get(), CLONE_NEWNET) == 0) &&
                      (plan.folder == nullptr || chdir(plan.folder) == 0) &&
                      (!plan.powerless || give_up_power());
  if (placed) {
    execvpe(plan.argv[0], plan.argv.data(), plan.envp.data());
  }
  const int error_number = errno;
  if (::write(report, &error_number, sizeof error_number) < 0) {
    _exit(126);
  }
  _exit(127);
}

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return fail_errno("making a pipe");
  }
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

/// errno of the exec, 0 when it succeeded (the pipe closed without a word).
int read_report(const Fd& report) {
  int error_number = 0;
  ssize_t count = 0;
  do {
    count = ::read(report.get(), &error_number, sizeof error_number);
  } while (count < 0 && errno == EINTR);
  return count == sizeof error_number ? error_number : 0;
}

Error exec_error(const Argv& argv, int error_number) {
  return Error::from_errno("starting " + argv[0], error_number,
                           error_number == ENOENT ? "install it, or look at PATH" : "");
}

/// Feeds input and collects output until the child closed both, or the deadline.
bool pump(Pipe& in, const std::string& input, Fd& out, Fd& err, RunOutput& result,
          const Deadline& deadline) {
  std::size_t fed = 0;
  if (input.empty()) {
    in.write.reset();
  } else {
    fcntl(in.write.get(), F_SETFL, O_NONBLOCK);
  }
  while (out || err) {
    pollfd watched[3] = {
        {out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}, {in.write.get(), POLLOUT, 0}};
    if (poll(watched, 3, deadline.left_ms()) == 0) {
      return false;
    }
    if (in.write && (watched[2].revents & (POLLOUT | POLLERR)) != 0) {
      const ssize_t count = ::write(in.write.get(), input.data() + fed, input.size() - fed);
      fed += count > 0 ? static_cast<std::size_t>(count) : 0;
      if (fed == input.size() || (count < 0 && errno != EAGAIN)) {
        in.write.reset();
      }
    }
    char buffer[65536];
    for (const int which : {0, 1}) {
      Fd& source = which == 0 ? out : err;
      if (!source || watched[which].revents == 0) {
        continue;
      }
      const ssize_t count = ::read(source.get(), buffer, sizeof buffer);
      if (count > 0) {
        (which == 0 ? result.out : result.err).append(buffer, static_cast<std::size_t>(count));
      } else if (count == 0 || errno != EINTR) {
        source.reset();
      }
    }
  }
  return true;
}

/// Waits for the child; false when the deadline passed first.
bool reap(pid_t pid, int& status, const Deadline& deadline) {
  return wait_until([&] { return waitpid(pid, &status, WNOHANG) != 0; }, deadline,
                    std::chrono::milliseconds(1));
}

}  // namespace

Result<RunOutput> run(const Argv& argv, const RunOptions& options) {
  auto plan = plan_exec(argv, options.netns, options.environment, options.folder);
  if (!plan) {
    return fail(std::move(plan).error());
  }
  auto in = make_pipe();
  auto out = make_pipe();
  auto err = make_pipe();
  auto report = make_pipe();
  if (!in || !out || !err || !report) {
    return fail("no pipes for " + argv[0] + ": out of file descriptors", "raise RLIMIT_NOFILE");
  }
  plan->powerless = options.powerless;
  const int child_in = options.stdin_file != nullptr ? options.stdin_file->get() : in->read.get();
  const int child_out =
      options.stdout_file != nullptr ? options.stdout_file->get() : out->write.get();
  signal(SIGPIPE, SIG_IGN);
  const pid_t parent = ::getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    return fail_errno("forking for " + argv[0]);
  }
  if (pid == 0) {
    // Who is killed leaves no program behind that works on beside whoever takes its place.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
      ::_exit(1);  // killed before we asked for that
    }
    exec_child(*plan, child_in, child_out, err->write.get(), report->write.get());
  }
  in->read.reset();
  out->write.reset();
  err->write.reset();
  report->write.reset();
  RunOutput result;
  int status = 0;
  if (const int error_number = read_report(report->read); error_number != 0) {
    waitpid(pid, &status, 0);
    return fail(exec_error(argv, error_number));
  }
  const Deadline deadline = Deadline::in(options.timeout);
  if (!pump(*in, options.input, out->read, err->read, result, deadline) ||
      !reap(pid, status, deadline)) {
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return fail(argv[0] + " did not end within " + std::to_string(options.timeout.count()) + " ms",
                "", ErrorKind::timeout);
  }
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

Result<std::string> run_checked(const Argv& argv, const RunOptions& options) {
  auto output = run(argv, options);
  if (!output) {
    return fail(std::move(output).error());
  }
  if (output->status != 0) {
    std::string words;
    for (const std::string& word : argv) {
      words += (words.empty() ? "" : " ") + word;
    }
    std::string said = output->err.empty() ? output->out : output->err;
    if (said.size() > 600) {
      said = "… " + said.substr(said.size() - 600);
    }
    while (!said.empty() && said.back() == '\n') {
      said.pop_back();
    }
    return fail("`" + words.substr(0, 300) + "` ended with " + std::to_string(output->status) +
                (said.empty() ? "" : ": " + said));
  }
  return std::move(output->out);
}

Result<ProcessId> spawn_detached(const Argv& argv, const SpawnOptions& options) {
  auto plan = plan_exec(argv, options.netns, options.environment, options.folder);
  if (!plan) {
    return fail(std::move(plan).error());
  }
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const std::filesystem::path log = options.log.empty() ? "/dev/null" : options.log;
  const Fd out(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!null || !out) {
    return fail_errno("opening " + log.string());
  }
  auto report = make_pipe();
  auto born = make_pipe();
  if (!report || !born) {
    return fail("no pipes for " + argv[0] + ": out of file descriptors");
  }
  const pid_t middle = fork();
  if (middle < 0) {
    return fail_errno("forking for " + argv[0]);
  }
  if (middle == 0) {
    setsid();
    const pid_t pid = fork();
    if (pid == 0) {
      exec_child(*plan, null.get(), out.get(), out.get(), report->write.get());
    }
    _exit(::write(born->write.get(), &pid, sizeof pid) == sizeof pid && pid > 0 ? 0 : 1);
  }
  report->write.reset();
  born->write.reset();
  int status = 0;
  waitpid(middle, &status, 0);
  pid_t pid = -1;
  if (::read(born->read.get(), &pid, sizeof pid) != sizeof pid || pid <= 0) {
    return fail("forking for " + argv[0] + " failed");
  }
  if (const int error_number = read_report(report->read); error_number != 0) {
    return fail(exec_error(argv, error_number));
  }
  return identify(pid);
}

ProcessId identify(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  // The name in brackets may hold spaces and brackets: the fields start behind the last one.
  const auto bracket = text.rfind(')');
  if (bracket == std::string::npos) {
    return {pid, 0};
  }
  std::istringstream fields(text.substr(bracket + 2));
  std::string state;
  fields >> state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) {
    fields >> skipped;
  }
  std::uint64_t start_ticks = 0;
  fields >> start_ticks;
  return {pid, state == "Z" || state == "X" ? 0 : start_ticks};
}

bool is_alive(const ProcessId& process) {
  return process.pid > 0 && process.start_ticks != 0 &&
         identify(process.pid).start_ticks == process.start_ticks;
}

Result<void> send_signal(const ProcessId& process, int signal) {
  const Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
  if (!pidfd || !is_alive(process)) {
    return {};
  }
  if (syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) != 0 && errno != ESRCH) {
    return fail_errno("sending signal " + std::to_string(signal) + " to process " +
                      std::to_string(process.pid));
  }
  return {};
}

Result<void> end_process(const ProcessId& process, std::chrono::milliseconds grace) {
  ISSU_TRY(send_signal(process, SIGTERM), "ending a process");
  if (wait_until([&] { return !is_alive(process); }, Deadline::in(grace),
                 std::chrono::milliseconds(2))) {
    return {};
  }
  ISSU_TRY(send_signal(process, SIGKILL), "ending a process");
  if (!wait_until([&] { return !is_alive(process); }, Deadline::in(std::chrono::seconds(5)),
                  std::chrono::milliseconds(2))) {
    return fail("process " + std::to_string(process.pid) + " does not end after SIGKILL",
                "look at /proc/" + std::to_string(process.pid) + "/stack");
  }
  return {};
}

}  // namespace issu
