#include "checkpoint/conditioner/netlink_groups.hpp"

#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <string>

namespace issu::checkpoint::conditioner {

Result<std::vector<std::uint32_t>> read_groups(int fd) {
  std::vector<std::uint32_t> words(64);
  socklen_t size = 0;
  for (;;) {
    size = static_cast<socklen_t>(words.size() * sizeof words[0]);
    if (::getsockopt(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, words.data(), &size) != 0) {
      return fail_errno("listing the groups of a netlink socket");
    }
    const std::size_t needed = size / sizeof words[0];
    if (needed <= words.size()) {
      words.resize(needed);
      break;
    }
    words.assign(needed, 0);
  }
  std::vector<std::uint32_t> groups;
  for (std::uint32_t group = 1; group <= words.size() * 32; ++group) {
    if (((words[(group - 1) / 32] >> ((group - 1) % 32)) & 1U) != 0) {
      groups.push_back(group);
    }
  }
  return groups;
}

namespace {

Result<void> change_groups(int fd, std::span<const std::uint32_t> groups, int how,
                           const std::string& what) {
  for (const std::uint32_t group : groups) {
    const int number = static_cast<int>(group);
    if (::setsockopt(fd, SOL_NETLINK, how, &number, sizeof number) != 0) {
      return fail_errno(what + " netlink group " + std::to_string(group));
    }
  }
  return {};
}

}  // namespace

Result<void> leave_groups(int fd, std::span<const std::uint32_t> groups) {
  return change_groups(fd, groups, NETLINK_DROP_MEMBERSHIP, "leaving");
}

Result<void> join_groups(int fd, std::span<const std::uint32_t> groups) {
  return change_groups(fd, groups, NETLINK_ADD_MEMBERSHIP, "joining");
}

std::uint32_t netlink_port(int fd) {
  sockaddr_nl address{};
  socklen_t size = sizeof address;
  auto* any = static_cast<sockaddr*>(static_cast<void*>(&address));
  return ::getsockname(fd, any, &size) == 0 ? address.nl_pid : 0;
}

bool has_messages(int fd) {
  pollfd watched{fd, POLLIN, 0};
  return ::poll(&watched, 1, 0) == 1 && (watched.revents & POLLIN) != 0;
}

}  // namespace issu::checkpoint::conditioner
