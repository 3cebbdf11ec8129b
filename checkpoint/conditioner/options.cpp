#include "checkpoint/conditioner/options.hpp"

#include <asm/socket.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/netlink.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <optional>

namespace issu::checkpoint::conditioner {
namespace {

constexpr std::uint32_t inet4 = tcp4 | datagram4 | raw4;
constexpr std::uint32_t inet6 = tcp6 | datagram6 | raw6;
/// IPv6 sockets that can have IPv4 peers.
constexpr std::uint32_t dual = tcp6 | datagram6;
constexpr std::uint32_t tcp = tcp4 | tcp6;
constexpr std::uint32_t connectionless = datagram4 | datagram6 | raw4 | raw6;

#define OPTION(level, name, sockets) \
  { level, name, #name, sockets }

constexpr std::uint32_t sol_tcp = 6;
constexpr std::uint32_t sol_udp = 17;

/// CRIU restores IP_TOS and IP_TTL of IPv4 sockets, not of IPv6 sockets with an IPv4 peer.
constexpr Option table[] = {
    OPTION(SOL_SOCKET, SO_TIMESTAMP_OLD, connectionless | packet),
    OPTION(SOL_SOCKET, SO_TIMESTAMPNS_OLD, connectionless | packet),
    OPTION(SOL_SOCKET, SO_RXQ_OVFL, connectionless | packet),
    OPTION(IPPROTO_IP, IP_TOS, dual),
    OPTION(IPPROTO_IP, IP_TTL, dual),
    OPTION(IPPROTO_IP, IP_PKTINFO, datagram6),
    OPTION(IPPROTO_IP, IP_MINTTL, inet4 | dual),
    OPTION(IPPROTO_IP, IP_MTU_DISCOVER, inet4 | dual),
    OPTION(IPPROTO_IP, IP_RECVERR, inet4 | dual),
    OPTION(IPPROTO_IP, IP_RECVTTL, inet4 | dual),
    OPTION(IPPROTO_IP, IP_RECVTOS, inet4 | dual),
    OPTION(IPPROTO_IP, IP_RECVOPTS, datagram4 | raw4),
    OPTION(IPPROTO_IP, IP_RETOPTS, datagram4 | raw4),
    OPTION(IPPROTO_IP, IP_RECVORIGDSTADDR, datagram4 | raw4),
    OPTION(IPPROTO_IP, IP_TRANSPARENT, inet4),
    OPTION(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, tcp4 | datagram4),
    OPTION(IPPROTO_IP, IP_UNICAST_IF, inet4 | dual),
    OPTION(IPPROTO_IP, IP_MULTICAST_IF, datagram4 | raw4 | datagram6),
    OPTION(IPPROTO_IP, IP_MULTICAST_TTL, datagram4 | raw4 | datagram6),
    OPTION(IPPROTO_IP, IP_MULTICAST_LOOP, datagram4 | raw4 | datagram6),
    OPTION(IPPROTO_IP, IP_MULTICAST_ALL, datagram4 | raw4 | datagram6),
    OPTION(IPPROTO_IPV6, IPV6_UNICAST_HOPS, inet6),
    OPTION(IPPROTO_IPV6, IPV6_MINHOPCOUNT, inet6),
    OPTION(IPPROTO_IPV6, IPV6_TCLASS, inet6),
    OPTION(IPPROTO_IPV6, IPV6_MTU_DISCOVER, inet6),
    OPTION(IPPROTO_IPV6, IPV6_DONTFRAG, datagram6 | raw6),
    OPTION(IPPROTO_IPV6, IPV6_RECVERR, inet6),
    OPTION(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, inet6),
    OPTION(IPPROTO_IPV6, IPV6_RECVTCLASS, inet6),
    OPTION(IPPROTO_IPV6, IPV6_RECVHOPOPTS, datagram6 | raw6),
    OPTION(IPPROTO_IPV6, IPV6_RECVRTHDR, datagram6 | raw6),
    OPTION(IPPROTO_IPV6, IPV6_RECVDSTOPTS, datagram6 | raw6),
    OPTION(IPPROTO_IPV6, IPV6_RECVPATHMTU, datagram6 | raw6),
    OPTION(IPPROTO_IPV6, IPV6_TRANSPARENT, inet6),
    OPTION(IPPROTO_IPV6, IPV6_UNICAST_IF, inet6),
    OPTION(IPPROTO_IPV6, IPV6_MULTICAST_IF, datagram6 | raw6),
    OPTION(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, datagram6 | raw6),
    OPTION(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, datagram6 | raw6),
    OPTION(IPPROTO_IPV6, IPV6_MULTICAST_ALL, datagram6 | raw6),
    OPTION(IPPROTO_IPV6, IPV6_CHECKSUM, raw6),
    OPTION(sol_udp, UDP_NO_CHECK6_TX, datagram6),
    OPTION(sol_udp, UDP_NO_CHECK6_RX, datagram6),
    OPTION(sol_tcp, TCP_CONGESTION, tcp),
    OPTION(sol_tcp, TCP_USER_TIMEOUT, tcp),
    OPTION(sol_tcp, TCP_SYNCNT, tcp),
    OPTION(sol_tcp, TCP_LINGER2, tcp),
    OPTION(sol_tcp, TCP_NOTSENT_LOWAT, tcp),
    OPTION(sol_tcp, TCP_DEFER_ACCEPT, listening),
    OPTION(sol_tcp, TCP_MAXSEG, listening),
    OPTION(SOL_PACKET, PACKET_IGNORE_OUTGOING, packet),
    OPTION(SOL_PACKET, PACKET_QDISC_BYPASS, packet),
    OPTION(SOL_NETLINK, NETLINK_PKTINFO, netlink),
    OPTION(SOL_NETLINK, NETLINK_BROADCAST_ERROR, netlink),
    OPTION(SOL_NETLINK, NETLINK_NO_ENOBUFS, netlink),
    OPTION(SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, netlink),
    OPTION(SOL_NETLINK, NETLINK_CAP_ACK, netlink),
    OPTION(SOL_NETLINK, NETLINK_EXT_ACK, netlink),
    OPTION(SOL_NETLINK, NETLINK_GET_STRICT_CHK, netlink),
};
#undef OPTION

std::uint32_t kind_of(const Socket& socket) {
  const bool six = socket.family == AF_INET6;
  switch (socket.family) {
    case AF_INET:
    case AF_INET6:
      switch (socket.type) {
        case SOCK_STREAM:
          return (six ? tcp6 : tcp4) | (socket.listening ? listening : any);
        case SOCK_DGRAM:
          return six ? datagram6 : datagram4;
        case SOCK_RAW:
          return six ? raw6 : raw4;
        default:
          return any;
      }
    case AF_PACKET:
      return packet;
    case AF_NETLINK:
      return netlink;
    default:
      return any;
  }
}

std::optional<std::vector<std::byte>> read_option(int fd, std::uint32_t level, std::uint32_t name) {
  std::array<std::byte, 64> value{};
  socklen_t size = value.size();
  if (::getsockopt(fd, static_cast<int>(level), static_cast<int>(name), value.data(), &size) != 0) {
    return std::nullopt;
  }
  return std::vector<std::byte>(value.begin(), value.begin() + size);
}

}  // namespace

std::span<const Option> forgotten_options() {
  return table;
}

const Option* find_option(std::uint32_t level, std::uint32_t name) {
  const auto* found = std::find_if(std::begin(table), std::end(table), [&](const Option& option) {
    return option.level == level && option.name == name;
  });
  return found == std::end(table) ? nullptr : found;
}

std::vector<OptionValue> read_options(int fd, const Socket& socket) {
  std::vector<OptionValue> values;
  const std::uint32_t kind = kind_of(socket);
  for (const Option& option : table) {
    if ((option.sockets & kind) == 0) {
      continue;
    }
    // One that this kernel does not know can't have been set either.
    if (auto value = read_option(fd, option.level, option.name)) {
      values.push_back({option.level, option.name, std::move(*value)});
    }
  }
  return values;
}

Result<std::size_t> write_options(int fd, std::span<const OptionValue> options) {
  std::size_t count = 0;
  std::optional<Error> failed;
  for (const OptionValue& option : options) {
    // Defaults that follow a sysctl or a route are told as if they had been set: what is as it was
    // is left alone, so that it goes on to follow.
    if (read_option(fd, option.level, option.name) == option.value) {
      continue;
    }
    if (::setsockopt(fd, static_cast<int>(option.level), static_cast<int>(option.name),
                     option.value.data(), static_cast<socklen_t>(option.value.size())) == 0) {
      ++count;
      continue;
    }
    const int error_number = errno;
    const Option* known = find_option(option.level, option.name);
    Error error = Error::from_errno(
        "setting " + std::string(known == nullptr ? "an option" : known->label), error_number);
    if (failed) {
      failed->also(std::move(error));
    } else {
      failed = std::move(error);
    }
  }
  if (failed) {
    return fail(std::move(*failed));
  }
  return count;
}

}  // namespace issu::checkpoint::conditioner
