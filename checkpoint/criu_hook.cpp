#include "checkpoint/criu_hook.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <span>
#include <vector>

#include "checkpoint/criu.hpp"
#include "checkpoint/criu_hook_names.hpp"
#include "issu/base/file.hpp"

namespace issu::checkpoint {
namespace {

namespace fs = std::filesystem;

/// Beside the program that runs, or in ../libexec/issu.
Result<fs::path> find_program() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& candidate :
       {self / "issu-criu", self.parent_path() / "libexec/issu/issu-criu"}) {
    if (!error && fs::is_regular_file(candidate, error)) {
      return candidate;
    }
  }
  return fail(
      "issu-criu is not beside this program (" + self.string() + "), nor in ../libexec/issu",
      "build or install it with the rest");
}

fs::path program_in(const fs::path& folder) {
  return folder / criu_name;
}

Result<Fd> listen_at(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.string().size() >= sizeof address.sun_path) {
    return fail(path.string() + " is too long for a socket", "use a shorter run_dir");
  }
  std::strcpy(address.sun_path, path.c_str());
  Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 4) != 0) {
    return fail_errno("listening at " + path.string());
  }
  return fd;
}

Result<void> wait_readable(std::span<pollfd> fds, const Deadline& deadline) {
  int ready = 0;
  while ((ready = ::poll(fds.data(), fds.size(), deadline.left_ms())) < 0 && errno == EINTR) {
  }
  if (ready < 0) {
    return fail_errno("waiting for CRIU");
  }
  return ready > 0 ? Result<void>() : fail("it did not end in time", "", ErrorKind::timeout);
}

}  // namespace

Result<CriuHook> CriuHook::open(const fs::path& folder) {
  ISSU_TRY(remove_tree(folder), "making CRIU's hook");
  ISSU_TRY(make_dirs(folder), "making CRIU's hook");
  auto program = find_program();
  if (!program) {
    return fail(std::move(program).error());
  }
  auto listener = listen_at(folder / "ask");
  if (!listener) {
    return fail(std::move(listener).error());
  }
  CriuHook hook(folder, std::move(*listener));
  std::error_code error;
  fs::create_symlink(*program, program_in(folder), error);
  if (error) {
    return fail("linking " + program_in(folder).string() + ": " + error.message());
  }
  return hook;
}

CriuHook::~CriuHook() {
  if (listener_) {
    (void)remove_tree(folder_);
  }
}

std::string CriuHook::option(const fs::path& folder) {
  return "action-script " + program_in(folder).string() + "\n";
}

std::vector<std::string> CriuHook::environment(const std::string& path_variable,
                                               const std::string& version) const {
  const std::string path = path_variable.substr(path_variable.find('=') + 1);
  std::vector<std::string> variables{
      "PATH=" + folder_.string() + ":" + path,
      std::string(hook::real_program) + "=" + path.substr(0, path.find(':')) + "/" + criu_name,
      std::string(hook::socket) + "=" + socket().string()};
  if (!version.empty()) {
    variables.push_back(std::string(hook::version) + "=" + version);
  }
  return variables;
}

Result<void> CriuHook::serve(pid_t process, const Deadline& deadline,
                             const std::function<Result<void>()>& before_freeze) {
  const Fd ended(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
  if (!ended) {
    return fail_errno("watching CRIU's caller");
  }
  Result<void> said;
  for (;;) {
    pollfd fds[] = {{listener_.get(), POLLIN, 0}, {ended.get(), POLLIN, 0}};
    ISSU_TRY(wait_readable(fds, deadline), "");
    if (fds[0].revents != 0) {
      const Fd asking(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      said = before_freeze();
      const char answer = said ? hook::go_on : hook::give_up;
      if (asking) {
        (void)::send(asking.get(), &answer, 1, MSG_NOSIGNAL);
      }
    } else if (fds[1].revents != 0) {
      return said;
    }
  }
}

}  // namespace issu::checkpoint
