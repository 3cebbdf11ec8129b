#include "checkpoint/nudge.hpp"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <set>

#include "checkpoint/conditioner/processes.hpp"

namespace issu::checkpoint {
namespace {

bool is_established(int fd) {
  int protocol = 0;
  socklen_t length = sizeof protocol;
  tcp_info info{};
  if (::getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) != 0 ||
      protocol != IPPROTO_TCP) {
    return false;
  }
  constexpr int established = 1;  // TCP_ESTABLISHED of the kernel
  length = sizeof info;
  return ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
         info.tcpi_state == established;
}

/// The kernel sends a window probe when a socket leaves the repair mode (tcp_send_window_probe).
/// It forgets SO_REUSEADDR with it.
bool probe(int fd) {
  int reuse = 0;
  socklen_t length = sizeof reuse;
  ::getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, &length);
  const int on = TCP_REPAIR_ON;
  const int off = TCP_REPAIR_OFF;
  const bool sent = ::setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) == 0 &&
                    ::setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &off, sizeof off) == 0;
  const int as_before = reuse != 0 ? 1 : 0;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &as_before, sizeof as_before);
  return sent;
}

}  // namespace

std::size_t nudge_connections(std::span<const pid_t> host_pids) {
  std::size_t count = 0;
  std::set<std::uint64_t> done;  // one that several processes hold is nudged once
  for (const pid_t pid : host_pids) {
    const auto process = conditioner::Process::open(pid);
    if (!process) {
      continue;
    }
    for (const auto& socket : process->sockets()) {
      if (!done.insert(socket.inode).second) {
        continue;
      }
      const Fd fd = process->take(socket.fd);
      count += fd && is_established(fd.get()) && probe(fd.get()) ? 1U : 0U;
    }
  }
  return count;
}

}  // namespace issu::checkpoint
