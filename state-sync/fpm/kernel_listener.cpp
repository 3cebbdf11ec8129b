#include "state-sync/fpm/kernel_listener.hpp"

#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace issu::fpm {
namespace {

constexpr int buffer_bytes = 64 << 20;
/// A table that changes all the time is not dumped all the time.
constexpr MonoNs look_again_after = 1'000'000'000;
/// So that the rest of the poll loop gets its turn while a million routes come.
constexpr std::size_t datagrams_a_turn = 8192;
/// A kernel that does not answer is an error, not a hang.
constexpr timeval answer_within{10, 0};

Result<Fd> netlink_socket(const std::vector<int>& groups) {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("opening a netlink socket");
  }
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes) != 0 &&
      ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes) != 0) {
    return fail_errno("making room in a netlink socket");
  }
  for (const int group : groups) {
    if (::setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
      return fail_errno("joining netlink group " + std::to_string(group));
    }
  }
  return fd;
}

/// One datagram of the kernel's; 0: somebody else's, who is not believed. errno as of recvmsg.
ssize_t receive(const Fd& fd, std::vector<std::byte>& buffer, int flags) {
  sockaddr_nl from{};
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  const ssize_t count = ::recvmsg(fd.get(), &message, flags | MSG_TRUNC);
  return count > 0 && from.nl_pid != 0 ? 0 : count;
}

}  // namespace

Result<KernelListener> KernelListener::open(Feed& feed, tables::Writer& tables) {
  auto notifications = netlink_socket({RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_NEXTHOP,
                                       RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR});
  if (!notifications) {
    return fail(std::move(notifications).error());
  }
  auto requests = netlink_socket({});
  if (!requests) {
    return fail(std::move(requests).error());
  }
  ::setsockopt(requests->get(), SOL_SOCKET, SO_RCVTIMEO, &answer_within, sizeof answer_within);
  feed.follow_kernel();
  KernelListener listener(feed, tables, std::move(*notifications), std::move(*requests));
  ISSU_TRY(listener.resync(), "reading the kernel's routes");
  return listener;
}

Result<bool> KernelListener::drain() {
  bool need_dump = false;
  for (std::size_t turn = 0; turn < datagrams_a_turn; ++turn) {
    const ssize_t count = receive(notifications_, buffer_, MSG_DONTWAIT);
    if (count < 0 && errno == ENOBUFS) {
      ++counters_.overruns;
      need_dump = true;
      continue;
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
      break;
    }
    if (count < 0) {
      return fail_errno("reading route notifications");
    }
    ++counters_.datagrams;
    const auto size = std::min(static_cast<std::size_t>(count), buffer_.size());
    const Decoded decoded = feed_.apply(std::span(buffer_).first(size));
    need_dump = need_dump || !decoded.sound || decoded.link_changed ||
                static_cast<std::size_t>(count) > buffer_.size();
  }
  return need_dump;
}

Result<bool> KernelListener::dump(std::uint16_t type, std::uint8_t family) {
  struct {
    nlmsghdr head;
    rtmsg body;
  } request{};
  request.head.nlmsg_len = type == RTM_GETNEXTHOP ? NLMSG_LENGTH(sizeof(nhmsg)) : sizeof request;
  request.head.nlmsg_type = type;
  request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.head.nlmsg_seq = ++sequence_;
  request.body.rtm_family = family;
  if (::send(requests_.get(), &request, request.head.nlmsg_len, 0) < 0) {
    return fail_errno("asking the kernel for its routes");
  }
  bool whole = true;
  for (;;) {
    const ssize_t count = receive(requests_, buffer_, 0);
    if (count < 0 && errno != EINTR) {
      return fail_errno("reading the kernel's routes");
    }
    const auto size = static_cast<std::size_t>(std::max(count, ssize_t{0}));
    if (size > buffer_.size()) {
      return fail("a part of the kernel's routes has " + std::to_string(size) + " bytes");
    }
    const Decoded decoded = feed_.apply(std::span(buffer_).first(size));
    if (!decoded.sound) {
      return fail("the kernel's list of routes has a length that does not fit");
    }
    whole = whole && !decoded.interrupted;
    // A table that was never used is ENOENT: it holds no routes.
    if (decoded.done && decoded.error != 0 && decoded.error != ENOENT) {
      return fail(Error::from_errno("reading the kernel's routes", decoded.error));
    }
    if (decoded.done) {
      return whole;
    }
  }
}

void KernelListener::remove_vanished(std::vector<Prefix> there) {
  std::sort(there.begin(), there.end());
  std::vector<Prefix> gone;
  tables_.each_route([&](const tables::RouteEntry& entry) {
    if (entry.info.owner == tables::RouteOwner::daemon &&
        !std::binary_search(there.begin(), there.end(), entry.prefix)) {
      gone.push_back(entry.prefix);
    }
    return true;
  });
  for (const Prefix& prefix : gone) {
    if (tables_.remove_route(prefix)) {
      ++counters_.vanished;
    }
  }
}

Result<void> KernelListener::resync() {
  ++counters_.resyncs;
  looked_at_ = mono_now();
  feed_.begin_listing();
  bool whole = true;
  for (const auto& [type, family] :
       {std::pair<std::uint16_t, std::uint8_t>{RTM_GETNEXTHOP, AF_UNSPEC},
        {RTM_GETROUTE, AF_INET},
        {RTM_GETROUTE, AF_INET6}}) {
    auto dumped = dump(type, family);
    if (!dumped) {
      return fail(std::move(dumped).error());
    }
    whole = whole && *dumped;
  }
  auto there = feed_.take_seen();
  feed_.resync_done();
  wanted_ = !whole;
  if (whole) {
    remove_vanished(std::move(there));
  }
  return {};
}

Result<void> KernelListener::serve() {
  auto need_dump = drain();
  if (!need_dump) {
    return fail(std::move(need_dump).error());
  }
  wanted_ = wanted_ || *need_dump || feed_.wants_resync();
  return wanted_ && mono_now() - looked_at_ >= look_again_after ? resync() : Result<void>{};
}

}  // namespace issu::fpm
