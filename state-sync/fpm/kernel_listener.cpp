#include "state-sync/fpm/kernel_listener.hpp"

#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace issu::fpm {
namespace {

constexpr int buffer_bytes = 64 << 20;
constexpr int dump_tries = 5;
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
  KernelListener listener(feed, tables, std::move(*notifications), std::move(*requests));
  ISSU_TRY(listener.resync(), "reading the kernel's routes");
  return listener;
}

Result<bool> KernelListener::drain() {
  bool need_dump = false;
  for (;;) {
    const ssize_t count =
        ::recv(notifications_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (count < 0 && errno == ENOBUFS) {
      ++counters_.overruns;
      need_dump = true;
      continue;
    }
    if (count < 0) {
      if (errno == EAGAIN || errno == EINTR) {
        return need_dump;
      }
      return fail_errno("reading route notifications");
    }
    ++counters_.datagrams;
    const auto size = std::min(static_cast<std::size_t>(count), buffer_.size());
    const Decoded decoded = feed_.apply(std::span(buffer_).first(size));
    need_dump = need_dump || !decoded.sound || decoded.link_changed ||
                static_cast<std::size_t>(count) > buffer_.size();
  }
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
    const ssize_t count = ::recv(requests_.get(), buffer_.data(), buffer_.size(), 0);
    if (count <= 0) {
      return fail_errno("reading the kernel's routes");
    }
    const Decoded decoded = feed_.apply(std::span(buffer_).first(static_cast<std::size_t>(count)));
    whole = whole && decoded.sound && !decoded.interrupted;
    if (decoded.done || !decoded.sound) {
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
  for (int attempt = 1; attempt <= dump_tries; ++attempt) {
    ++counters_.resyncs;
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
    if (whole) {
      remove_vanished(std::move(there));
      return {};
    }
  }
  return fail("the kernel's routes changed under each of " + std::to_string(dump_tries) + " dumps");
}

Result<void> KernelListener::serve() {
  auto need_dump = drain();
  if (!need_dump) {
    return fail(std::move(need_dump).error());
  }
  return *need_dump || feed_.wants_resync() ? resync() : Result<void>{};
}

}  // namespace issu::fpm
