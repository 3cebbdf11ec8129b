#include "checkpoint/conditioner/processes.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <sstream>
#include <system_error>

#include "issu/base/file.hpp"

namespace issu::checkpoint::conditioner {
namespace {

std::string folder_of(pid_t pid) {
  return "/proc/" + std::to_string(pid);
}

/// "NSpid:	4711	7	2": the pids from our namespace inwards.
std::string inner_pids(const std::string& status, pid_t pid) {
  std::istringstream lines(status);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("NSpid:")) {
      continue;
    }
    std::istringstream words(line.substr(6));
    std::string outermost;
    std::string inner;
    words >> outermost;
    for (std::string word; words >> word;) {
      inner += (inner.empty() ? "" : "/") + word;
    }
    return inner.empty() ? outermost : inner;
  }
  return std::to_string(pid);
}

}  // namespace

Result<Process> Process::open(pid_t host_pid) {
  Process process;
  process.pid_ = host_pid;
  process.pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, host_pid, 0)));
  if (!process.pidfd_) {
    const int error_number = errno;
    Error error = Error::from_errno("opening process " + std::to_string(host_pid), error_number);
    return fail(error_number == ESRCH ? std::move(error).as(ErrorKind::refused) : std::move(error));
  }
  auto status = read_file(folder_of(host_pid) + "/status");
  auto name = read_file(folder_of(host_pid) + "/comm");
  if (!status || !name) {
    return fail("process " + std::to_string(host_pid) + " has ended", "", ErrorKind::refused);
  }
  process.inner_pid_ = inner_pids(*status, host_pid);
  process.name_ = name->substr(0, name->find('\n'));
  return process;
}

std::vector<Process::SocketFd> Process::sockets() const {
  std::vector<SocketFd> found;
  std::error_code error;
  const std::filesystem::directory_iterator none;
  for (std::filesystem::directory_iterator entry(folder_of(pid_) + "/fd", error);
       !error && entry != none; entry.increment(error)) {
    char target[64] = {};
    if (::readlink(entry->path().c_str(), target, sizeof target - 1) <= 0) {
      continue;
    }
    const std::string_view link(target);
    constexpr std::string_view mark = "socket:[";
    const std::string number = entry->path().filename();
    SocketFd socket_fd;
    if (link.starts_with(mark) &&
        std::from_chars(link.data() + mark.size(), link.data() + link.size(), socket_fd.inode).ec ==
            std::errc() &&
        std::from_chars(number.data(), number.data() + number.size(), socket_fd.fd).ec ==
            std::errc()) {
      found.push_back(socket_fd);
    }
  }
  return found;
}

Fd Process::take(std::uint32_t fd) const {
  return Fd(static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd_.get(), static_cast<int>(fd), 0)));
}

std::filesystem::path Process::netns() const {
  return folder_of(pid_) + "/ns/net";
}

std::uint64_t Process::netns_inode() const {
  struct stat status {};
  return ::stat(netns().c_str(), &status) == 0 ? status.st_ino : 0;
}

Result<std::map<std::string, Process>> open_processes(std::span<const pid_t> host_pids) {
  std::map<std::string, Process> processes;
  std::uint64_t netns = 0;
  std::string first;
  for (const pid_t pid : host_pids) {
    auto process = Process::open(pid);
    if (!process) {
      if (process.error().kind() == ErrorKind::refused) {
        continue;  // it has ended since somebody listed it
      }
      return fail(std::move(process).error());
    }
    const std::uint64_t its = process->netns_inode();
    if (its == 0) {
      continue;
    }
    if (netns != 0 && its != netns) {
      return fail(
          "processes " + first + " and " + process->name() + " are in different network namespaces",
          "", ErrorKind::refused);
    }
    netns = its;
    first = first.empty() ? process->name() : first;
    std::string inner = process->inner_pid();
    if (!processes.emplace(std::move(inner), std::move(*process)).second) {
      return fail("two of the processes have the same pid in their pid namespaces",
                  "give the processes of one container", ErrorKind::refused);
    }
  }
  return processes;
}

std::uint64_t inode_of(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 ? status.st_ino : 0;
}

std::string holder_text(const Holder& holder) {
  return "process " + holder.process + " (" + holder.name + "), descriptor " +
         std::to_string(holder.fd);
}

}  // namespace issu::checkpoint::conditioner
