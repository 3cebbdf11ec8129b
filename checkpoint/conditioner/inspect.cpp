#include "checkpoint/conditioner/inspect.hpp"

#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "checkpoint/conditioner/netlink_groups.hpp"
#include "checkpoint/conditioner/options.hpp"

namespace issu::checkpoint::conditioner {
namespace {

bool is_inet(const Socket& socket) {
  return socket.family == AF_INET || socket.family == AF_INET6;
}

Result<std::uint16_t> read_number(int fd, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  if (::getsockopt(fd, SOL_SOCKET, name, &value, &size) != 0) {
    return fail_errno("looking at a socket");
  }
  return static_cast<std::uint16_t>(value);
}

struct End {
  std::uint8_t family = 0;
  Address address{};
  std::uint16_t port = 0;
};

/// An IPv4 address inside an IPv6 one is what the packets have.
End end_of(const sockaddr_storage& storage) {
  End end;
  if (storage.ss_family == AF_INET) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &storage, sizeof ipv4);
    end.family = 4;
    end.port = ntohs(ipv4.sin_port);
    std::memcpy(end.address.data(), &ipv4.sin_addr, 4);
  } else if (storage.ss_family == AF_INET6) {
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, &storage, sizeof ipv6);
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr) != 0;
    end.family = mapped ? 4 : 6;
    end.port = ntohs(ipv6.sin6_port);
    std::memcpy(end.address.data(), ipv6.sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 16);
  }
  return end;
}

End local_end(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* any = static_cast<sockaddr*>(static_cast<void*>(&storage));
  return ::getsockname(fd, any, &size) == 0 ? end_of(storage) : End();
}

/// getpeername(2) has no answer for a connection that is being made; SO_PEERNAME has. It takes no
/// more room than it needs.
End remote_end(int fd, std::uint16_t family) {
  sockaddr_storage storage{};
  socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERNAME, &storage, &size) == 0 ? end_of(storage) : End();
}

std::optional<TcpFlow> flow_of(int fd, std::uint16_t family) {
  const End local = local_end(fd);
  const End remote = remote_end(fd, family);
  if (remote.port == 0 || local.family != remote.family) {
    return std::nullopt;
  }
  return TcpFlow{local.family, local.address, remote.address, local.port, remote.port};
}

bool has_ebpf_filter(int fd) {
  socklen_t size = 0;
  return ::getsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, nullptr, &size) != 0 && errno == EACCES;
}

bool is_link_local(const End& end) {
  in6_addr address{};
  std::memcpy(&address, end.address.data(), sizeof address);
  return end.family == 6 && end.port != 0 && IN6_IS_ADDR_LINKLOCAL(&address);
}

bool is_bound_to_device(int fd) {
  char device[16] = {};
  socklen_t size = sizeof device;
  return ::getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, &size) == 0 && size != 0;
}

/// Kinds that routing software is known to open, by name.
std::string family_text(int family) {
  constexpr std::array<std::pair<int, const char*>, 6> known = {{{AF_KEY, "AF_KEY"},
                                                                 {AF_CAN, "AF_CAN"},
                                                                 {AF_TIPC, "AF_TIPC"},
                                                                 {AF_ALG, "AF_ALG"},
                                                                 {AF_VSOCK, "AF_VSOCK"},
                                                                 {AF_XDP, "AF_XDP"}}};
  for (const auto& [number, name] : known) {
    if (number == family) {
      return std::string("the address family ") + name;
    }
  }
  return "the address family " + std::to_string(family);
}

void inet_obstacles(int fd, const Socket& socket, std::vector<std::string>& found) {
  const bool known_type =
      socket.type == SOCK_STREAM || socket.type == SOCK_DGRAM || socket.type == SOCK_RAW;
  constexpr std::array<std::uint16_t, 6> known = {IPPROTO_IP,      IPPROTO_TCP,  IPPROTO_UDP,
                                                  IPPROTO_UDPLITE, IPPROTO_ICMP, IPPROTO_ICMPV6};
  const bool known_protocol = socket.type == SOCK_RAW ||
                              std::find(known.begin(), known.end(), socket.protocol) != known.end();
  if (!known_type || !known_protocol) {
    found.push_back("an internet socket of type " + std::to_string(socket.type) + ", protocol " +
                    std::to_string(socket.protocol));
  }
  const bool link_local = socket.family == AF_INET6 && is_link_local(local_end(fd));
  if (link_local && socket.flow) {
    found.push_back(
        "a TCP connection of a link-local address (CRIU dumps it and can't restore it)");
  } else if (link_local && !is_bound_to_device(fd)) {
    found.push_back("an IPv6 socket bound to a link-local address, not to its interface");
  }
}

}  // namespace

bool is_tcp(const Socket& socket) {
  return is_inet(socket) && socket.type == SOCK_STREAM && socket.protocol == IPPROTO_TCP;
}

Result<Socket> identify_socket(int fd) {
  const auto family = read_number(fd, SO_DOMAIN);
  const auto type = read_number(fd, SO_TYPE);
  const auto protocol = read_number(fd, SO_PROTOCOL);
  if (!family || !type || !protocol) {
    return fail("it is no socket any more", "", ErrorKind::refused);
  }
  Socket socket;
  socket.family = *family;
  socket.type = *type;
  socket.protocol = *protocol;
  if (is_tcp(socket)) {
    socket.listening = read_number(fd, SO_ACCEPTCONN).value_or(0) != 0;
    socket.flow = flow_of(fd, socket.family);
  }
  return socket;
}

Result<void> inspect_socket(int fd, const std::vector<Group>& groups, Socket& socket) {
  socket.options = read_options(fd, socket);
  socket.memberships = read_memberships(fd, socket, groups);
  if (socket.family == AF_NETLINK) {
    auto joined = read_groups(fd);
    if (!joined) {
      return fail(std::move(joined).error());
    }
    std::copy_if(joined->begin(), joined->end(), std::back_inserter(socket.groups),
                 [](std::uint32_t group) { return group > last_dumped_group; });
    socket.netlink_port = netlink_port(fd);
  }
  return {};
}

bool is_same_socket(const Socket& one, const Socket& other) {
  return one.family == other.family && one.type == other.type && one.protocol == other.protocol &&
         one.listening == other.listening && one.flow == other.flow;
}

std::vector<std::string> obstacles_of(int fd, const Socket& socket) {
  std::vector<std::string> found;
  if (is_inet(socket)) {
    inet_obstacles(fd, socket, found);
  } else if (socket.family == AF_NETLINK) {
    const auto joined = read_groups(fd);
    const bool in_groups = joined && !joined->empty();
    if (in_groups && netlink_port(fd) == 0) {
      found.emplace_back("a netlink socket in groups, not bound to a port");
    }
  } else if (socket.family != AF_UNIX && socket.family != AF_PACKET) {
    found.push_back("a socket of " + family_text(socket.family));
  }
  if (has_ebpf_filter(fd)) {
    found.emplace_back("a socket with an eBPF filter");
  }
  return found;
}

}  // namespace issu::checkpoint::conditioner
