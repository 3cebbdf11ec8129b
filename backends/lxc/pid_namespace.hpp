#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace issu::backends::lxc {

/// One process of a container.
struct InnerProcess {
  pid_t host_pid = 0;
  pid_t inner_pid = 0;  ///< as the container itself counts
};

/// The processes in the pid namespace of `init_pid` (a pid on the host), zombies not counted,
/// `init_pid` itself neither. Empty when there is no such process.
[[nodiscard]] std::vector<InnerProcess> processes_beside(pid_t init_pid);

/// Bytes of memory that a process holds (RSS); no value when it is gone.
[[nodiscard]] std::optional<std::uint64_t> memory_of(pid_t pid);

}  // namespace issu::backends::lxc
