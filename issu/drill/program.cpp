#include "issu/drill/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <utility>

#include "issu/base/file.hpp"

namespace issu::drill {
namespace {

constexpr auto kStep = std::chrono::milliseconds(100);

std::vector<std::string> environment_with(const std::vector<std::string>& added) {
  std::vector<std::string> all = added;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    all.emplace_back(*variable);
  }
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (std::string& word : words) {
    all.push_back(word.data());
  }
  all.push_back(nullptr);
  return all;
}

/// A process group of its own: a ^C meant for the drill must not end it half-way.
int spawn(pid_t& pid, const std::string& program, char** argv, char** envp, const char* out,
          const char* err) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&files, 2, err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  const int error = posix_spawnp(&pid, program.c_str(), &files, &attributes, argv, envp);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

}  // namespace

Result<Program> Program::start(const Argv& argv, Places places) {
  ISSU_TRY(make_dirs(places.out.parent_path()), "starting " + argv.front());
  std::vector<std::string> words = argv;
  std::vector<std::string> variables = environment_with(places.environment);
  std::vector<char*> argv_pointers = pointers(words);
  std::vector<char*> envp = pointers(variables);
  pid_t pid = -1;
  if (const int error = spawn(pid, argv.front(), argv_pointers.data(), envp.data(),
                              places.out.c_str(), places.err.c_str());
      error != 0) {
    return fail(Error::from_errno("starting " + argv.front(), error));
  }
  return Program(pid, std::move(places));
}

Program::Program(Program&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      places_(std::move(other.places_)),
      status_(other.status_),
      told_(other.told_) {}

Program::~Program() {
  end();
}

void Program::end() {
  if (pid_ <= 0 || status_) {
    return;
  }
  const auto gone = [this] { return poll().has_value(); };
  ::kill(pid_, SIGTERM);
  if (!wait_until(gone, Deadline::in(std::chrono::seconds(3)))) {
    ::kill(pid_, SIGKILL);
    (void)wait_until(gone, Deadline::in(std::chrono::seconds(3)));
  }
}

void Program::pass_lines_on() {
  std::ifstream file(places_.err, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(told_));
  for (std::string line; std::getline(file, line);) {
    if (file.eof() && !status_) {
      return;  // not a whole line yet
    }
    told_ += line.size() + 1;
    if (places_.say && !line.empty()) {
      places_.say(line);
    }
  }
}

std::optional<int> Program::poll() {
  if (!status_ && pid_ > 0) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
  }
  pass_lines_on();
  return status_;
}

Result<int> Program::wait(std::chrono::milliseconds time, Interrupt& interrupt) {
  const Deadline deadline = Deadline::in(time);
  while (true) {
    if (const auto status = poll(); status) {
      return *status;
    }
    if (deadline.passed()) {
      return fail(fmt::format("it did not end within {} s", time.count() / 1000),
                  "see " + places_.err.string(), ErrorKind::timeout);
    }
    if (interrupt.sleep(kStep)) {
      return fail("interrupted");
    }
  }
}

std::string Program::output() const {
  return read_file(places_.out).value_or("");
}

}  // namespace issu::drill
