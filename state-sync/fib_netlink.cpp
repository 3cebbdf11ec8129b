#include "state-sync/fib_netlink.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace issu::state_sync {
namespace {

constexpr timeval answer_limit{30, 0};
constexpr int dump_attempts = 5;

Result<Fd> open_socket(int flags) {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE));
  if (!fd) {
    return fail_errno("opening an rtnetlink socket");
  }
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  sockaddr generic{};
  static_assert(sizeof address <= sizeof generic);
  std::memcpy(&generic, &address, sizeof address);
  if (::bind(fd.get(), &generic, sizeof address) != 0) {
    return fail_errno("binding an rtnetlink socket");
  }
  return fd;
}

Result<void> set_option(const Fd& fd, int option, int value, const std::string& what) {
  if (::setsockopt(fd.get(), SOL_NETLINK, option, &value, sizeof value) != 0) {
    return fail_errno(what);
  }
  return {};
}

/// Reads one datagram whole into `buffer`; no value when nothing waits (non-blocking) or when the
/// kernel dropped some (`overrun`).
Result<std::optional<std::size_t>> receive_into(const Fd& fd, std::vector<std::byte>& buffer,
                                                bool& overrun) {
  for (;;) {
    sockaddr_nl from{};
    iovec part{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const ssize_t count = ::recvmsg(fd.get(), &message, MSG_TRUNC);
    if (count < 0) {
      if (errno == EINTR) {
        continue;
      }
      if (errno == ENOBUFS) {
        overrun = true;
        continue;
      }
      if (errno == EAGAIN) {
        return std::optional<std::size_t>();
      }
      return fail_errno("receiving from rtnetlink");
    }
    if ((message.msg_flags & MSG_TRUNC) != 0) {
      overrun = true;  // a cut datagram is a lost one
      continue;
    }
    if (from.nl_pid != 0) {
      continue;  // only the kernel is believed
    }
    return std::optional(static_cast<std::size_t>(count));
  }
}

}  // namespace

Result<FibMonitor> FibMonitor::open(int buffer_bytes) {
  auto fd = open_socket(SOCK_NONBLOCK);
  if (!fd) {
    return fail(std::move(fd).error());
  }
  if (::setsockopt(fd->get(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes) !=
          0 &&
      ::setsockopt(fd->get(), SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes) != 0) {
    return fail_errno("giving the route monitor its buffer");
  }
  for (const int group : {RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_NEXTHOP, RTNLGRP_LINK,
                          RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR}) {
    ISSU_TRY(set_option(*fd, NETLINK_ADD_MEMBERSHIP, group, "joining an rtnetlink group"),
             "watching the routes");
  }
  return FibMonitor(std::move(*fd));
}

Result<FibMonitor::Drained> FibMonitor::drain(const FibSink& sink) {
  Drained found;
  for (;;) {
    auto count = receive_into(socket_, buffer_, found.overrun);
    if (!count) {
      return fail(std::move(count).error());
    }
    if (!*count) {
      return found;
    }
    if (!parse_fib_datagram(std::span(buffer_).first(**count), sink)) {
      found.malformed = true;
    }
  }
}

Result<FibSocket> FibSocket::open() {
  auto fd = open_socket(0);
  if (!fd) {
    return fail(std::move(fd).error());
  }
  ISSU_TRY(set_option(*fd, NETLINK_GET_STRICT_CHK, 1, "asking rtnetlink for strict checks"),
           "opening the routes");
  ISSU_TRY(set_option(*fd, NETLINK_CAP_ACK, 1, "asking rtnetlink for short answers"),
           "opening the routes");
  const int buffer_bytes = 4 << 20;
  ::setsockopt(fd->get(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes);
  ::setsockopt(fd->get(), SOL_SOCKET, SO_SNDBUFFORCE, &buffer_bytes, sizeof buffer_bytes);
  if (::setsockopt(fd->get(), SOL_SOCKET, SO_RCVTIMEO, &answer_limit, sizeof answer_limit) != 0) {
    return fail_errno("setting a time limit on rtnetlink");
  }
  sockaddr generic{};
  socklen_t length = sizeof generic;
  sockaddr_nl own{};
  if (::getsockname(fd->get(), &generic, &length) != 0) {
    return fail_errno("reading the port of an rtnetlink socket");
  }
  std::memcpy(&own, &generic, sizeof own);
  FibSocket made(std::move(*fd));
  made.port_ = own.nl_pid;
  return made;
}

Result<std::span<const std::byte>> FibSocket::receive() {
  bool overrun = false;
  auto count = receive_into(socket_, buffer_, overrun);
  if (!count) {
    return fail(std::move(count).error());
  }
  if (!*count) {
    return fail("rtnetlink did not answer within 30 seconds", "", ErrorKind::timeout);
  }
  if (overrun) {
    return fail("rtnetlink dropped an answer");
  }
  return std::span<const std::byte>(buffer_).first(**count);
}

Result<bool> FibSocket::dump(std::uint8_t family, const FibSink& sink,
                             const std::function<void()>& between) {
  const std::uint32_t sequence = ++sequence_;
  const auto request = dump_request(family, sequence);
  if (::send(socket_.get(), request.data(), request.size(), 0) < 0) {
    return fail_errno("asking for the routes");
  }
  bool done = false;
  bool interrupted = false;
  int error = 0;
  while (!done) {
    auto datagram = receive();
    if (!datagram) {
      return pass(std::move(datagram).error(), "reading the routes");
    }
    const bool sound = parse_fib_datagram(*datagram, [&](const FibEvent& event) {
      if (event.sequence != sequence) {
        return;
      }
      interrupted = interrupted || event.interrupted;
      if (event.kind == FibEvent::Kind::route_present) {
        sink(event);
      } else if (event.kind == FibEvent::Kind::dump_end || event.kind == FibEvent::Kind::answer) {
        done = true;
        error = event.error;
      }
    });
    if (!sound) {
      return fail("the kernel's list of routes has a length that does not fit");
    }
    between();
  }
  // A table that was never used is ENOENT: it holds no routes.
  if (error != 0 && error != ENOENT) {
    return fail(Error::from_errno("reading the routes", error));
  }
  return !interrupted;
}

Result<std::vector<bool>> FibSocket::remove(std::span<const Route> routes) {
  std::vector<std::byte> batch;
  const std::uint32_t first = sequence_ + 1;
  for (const Route& route : routes) {
    append_delete_request(batch, route, ++sequence_, &route == &routes.back());
  }
  std::vector<bool> deleted(routes.size(), true);
  if (routes.empty()) {
    return deleted;
  }
  if (::send(socket_.get(), batch.data(), batch.size(), 0) < 0) {
    return fail_errno("deleting routes");
  }
  bool done = false;
  int refused = 0;
  while (!done) {
    auto datagram = receive();
    if (!datagram) {
      return pass(std::move(datagram).error(), "deleting routes");
    }
    parse_fib_datagram(*datagram, [&](const FibEvent& event) {
      const std::uint32_t index = event.sequence - first;
      if (event.kind != FibEvent::Kind::answer || index >= routes.size()) {
        return;
      }
      if (event.error != 0) {
        deleted[index] = false;
        if (event.error != ESRCH && event.error != ENOENT && event.error != EINVAL) {
          refused = event.error;
        }
      }
      done = done || event.sequence == sequence_;
    });
  }
  if (refused != 0) {
    return fail(Error::from_errno("deleting routes", refused));
  }
  return deleted;
}

Result<std::uint64_t> count_routes(std::uint8_t family) {
  auto socket = FibSocket::open();
  if (!socket) {
    return fail(std::move(socket).error());
  }
  for (int attempt = 1;; ++attempt) {
    std::uint64_t count = 0;
    auto whole = socket->dump(
        family,
        [&](const FibEvent& event) { count += is_daemon_protocol(event.route.protocol) ? 1U : 0U; },
        [] {});
    if (!whole) {
      return fail(std::move(whole).error());
    }
    if (*whole || attempt == dump_attempts) {
      return count;
    }
  }
}

}  // namespace issu::state_sync
