#include "issu/measure/channel.hpp"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "issu/base/netns.hpp"

namespace issu::measure {
namespace {

constexpr int receive_buffer = 64 << 20;
constexpr int send_buffer = 4 << 20;

Result<void> set_option(const Fd& socket, int level, int name, int value, const char* what) {
  if (::setsockopt(socket.get(), level, name, &value, sizeof value) != 0) {
    return fail_errno(std::string("setting ") + what);
  }
  return {};
}

Result<void> open_receiver(Channel& channel, int family) {
  channel.receiving = Fd(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!channel.receiving) {
    return fail_errno("making the receiving socket");
  }
  if (family == AF_INET6) {
    ISSU_TRY(set_option(channel.receiving, IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY"),
             "opening the receiver");
  }
  ISSU_TRY(set_option(channel.receiving, SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer,
                      "the receive buffer (CAP_NET_ADMIN is needed)"),
           "opening the receiver");
  ISSU_TRY(set_option(channel.receiving, SOL_SOCKET, SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS"),
           "opening the receiver");
  sockaddr_storage any{};
  auto length = socket_address(family == AF_INET ? "0.0.0.0" : "::", 0, any);
  if (::bind(channel.receiving.get(), reinterpret_cast<sockaddr*>(&any), *length) != 0) {
    return fail_errno("binding the receiving socket");
  }
  socklen_t size = sizeof any;
  if (::getsockname(channel.receiving.get(), reinterpret_cast<sockaddr*>(&any), &size) != 0) {
    return fail_errno("asking for the receiving socket's port");
  }
  const std::uint16_t port = family == AF_INET ? reinterpret_cast<sockaddr_in*>(&any)->sin_port
                                               : reinterpret_cast<sockaddr_in6*>(&any)->sin6_port;
  channel.destinations.emplace(channel.plan.destinations, ntohs(port));
  return {};
}

Result<void> open_sender(Channel& channel, int family) {
  channel.sending = Fd(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!channel.sending) {
    return fail_errno("making the sending socket");
  }
  ISSU_TRY(set_option(channel.sending, SOL_SOCKET, SO_SNDBUFFORCE, send_buffer,
                      "the send buffer (CAP_NET_ADMIN is needed)"),
           "opening the sender");
  sockaddr_storage source{};
  auto length = socket_address(channel.plan.source, 0, source);
  if (!length) {
    return fail(std::move(length).error());
  }
  if (source.ss_family != family) {
    return fail("source " + channel.plan.source + " and destinations are of different families");
  }
  if (::bind(channel.sending.get(), reinterpret_cast<sockaddr*>(&source), *length) != 0) {
    return fail_errno("binding the sender to " + channel.plan.source,
                      "the address has to be on an interface of " + channel.plan.from_netns);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Channel>> open_channel(const StreamPlan& plan, std::uint16_t index) {
  auto channel = std::make_unique<Channel>();
  channel->plan = plan;
  channel->index = index;
  const int family = plan.destinations.front().first.family == 4 ? AF_INET : AF_INET6;
  const std::string context = "the probe stream \"" + plan.name + "\"";
  ISSU_TRY(
      NetNs::inside(NetNs::path_of(plan.to_netns), [&] { return open_receiver(*channel, family); }),
      context);
  ISSU_TRY(
      NetNs::inside(NetNs::path_of(plan.from_netns), [&] { return open_sender(*channel, family); }),
      context);
  return channel;
}

std::optional<std::uint64_t> socket_drops(const Fd& socket) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t size = sizeof memory;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_MEMINFO, memory.data(), &size) != 0) {
    return std::nullopt;
  }
  return memory[SK_MEMINFO_DROPS];
}

}  // namespace issu::measure
