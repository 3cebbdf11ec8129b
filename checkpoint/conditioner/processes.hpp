#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/conditioner/record.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::checkpoint::conditioner {

/// A process whose descriptors can be taken (pidfd_getfd(2); needs CAP_SYS_PTRACE).
class Process {
 public:
  /// ErrorKind::refused when there is none of this pid (any more).
  static Result<Process> open(pid_t host_pid);

  /// As in `Holder::process`.
  [[nodiscard]] const std::string& inner_pid() const { return inner_pid_; }
  [[nodiscard]] const std::string& name() const { return name_; }

  struct SocketFd {
    std::uint32_t fd = 0;
    std::uint64_t inode = 0;
  };
  [[nodiscard]] std::vector<SocketFd> sockets() const;
  /// A descriptor of ours for the same open socket; none when it is closed, or the process ended.
  [[nodiscard]] Fd take(std::uint32_t fd) const;
  /// Its network namespace: a file to enter it by, and a number to compare.
  [[nodiscard]] std::filesystem::path netns() const;
  [[nodiscard]] std::uint64_t netns_inode() const;

 private:
  pid_t pid_ = 0;
  Fd pidfd_;
  std::string inner_pid_;
  std::string name_;
};

/// The processes of these pids that still live, by `inner_pid`. All in one network namespace, or
/// an error.
Result<std::map<std::string, Process>> open_processes(std::span<const pid_t> host_pids);

/// The number of the socket behind a descriptor of ours.
[[nodiscard]] std::uint64_t inode_of(int fd);

/// "process 7 (bgpd), descriptor 12"
[[nodiscard]] std::string holder_text(const Holder& holder);

}  // namespace issu::checkpoint::conditioner
