#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::checkpoint::conditioner {

/// The groups that a netlink socket has joined.
Result<std::vector<std::uint32_t>> read_groups(int fd);
/// CRIU restores 1 to 32 and refuses to dump a socket with others.
inline constexpr std::uint32_t last_dumped_group = 32;

Result<void> leave_groups(int fd, std::span<const std::uint32_t> groups);
Result<void> join_groups(int fd, std::span<const std::uint32_t> groups);

/// The port that it is bound to, 0 when it is not.
[[nodiscard]] std::uint32_t netlink_port(int fd);
/// Whether messages wait in it to be read.
[[nodiscard]] bool has_messages(int fd);

}  // namespace issu::checkpoint::conditioner
