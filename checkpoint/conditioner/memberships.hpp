#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "checkpoint/conditioner/record.hpp"
#include "issu/base/result.hpp"

namespace issu::checkpoint::conditioner {

/// A multicast group that somebody in a network namespace is a member of.
struct Group {
  std::uint8_t family = 0;  ///< 4 or 6
  std::uint32_t ifindex = 0;
  Address address{};
  bool operator==(const Group&) const = default;
};

/// The groups of a process's network namespace (/proc/PID/net/igmp and igmp6). No list says which
/// socket is a member of what; these are those that a socket can be asked for.
Result<std::vector<Group>> groups_of(const std::filesystem::path& proc_net);

/// The lines of /proc/net/igmp and of /proc/net/igmp6.
[[nodiscard]] std::vector<Group> parse_igmp(std::string_view text);
[[nodiscard]] std::vector<Group> parse_igmp6(std::string_view text);

/// Those of `groups` that this socket is a member of, with their sources.
[[nodiscard]] std::vector<Membership> read_memberships(int fd, const Socket& socket,
                                                       const std::vector<Group>& groups);

/// Makes the socket a member again where it is none, with the same sources.
Result<void> write_membership(int fd, const Membership& membership);

}  // namespace issu::checkpoint::conditioner
