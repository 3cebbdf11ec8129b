#include "tests/checkpoint/strange_sockets.hpp"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "checkpoint/conditioner/inspect.hpp"
#include "checkpoint/conditioner/md5_keys.hpp"
#include "checkpoint/conditioner/options.hpp"

namespace issu::tests {
namespace {

using namespace checkpoint::conditioner;

void must(bool done, const std::string& what) {
  if (!done) {
    throw std::system_error(errno, std::generic_category(), what);
  }
}

const sockaddr* any(const void* address) {
  return static_cast<const sockaddr*>(address);
}

Fd open_socket(int family, int type, int protocol) {
  Fd fd(::socket(family, type | SOCK_CLOEXEC, protocol));
  must(static_cast<bool>(fd), "opening a socket");
  return fd;
}

Fd bound4(int type, int protocol, std::uint16_t port) {
  Fd fd = open_socket(AF_INET, type, protocol);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  must(::bind(fd.get(), any(&address), sizeof address) == 0, "binding an IPv4 socket");
  return fd;
}

Fd bound6(int type, int protocol, std::uint16_t port, bool only6) {
  Fd fd = open_socket(AF_INET6, type, protocol);
  const int on = only6 ? 1 : 0;
  ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  must(::bind(fd.get(), any(&address), sizeof address) == 0, "binding an IPv6 socket");
  return fd;
}

Fd listener(Fd fd) {
  must(::listen(fd.get(), 5) == 0, "listening");
  return fd;
}

Fd packet_socket(const std::string& interface) {
  Fd fd = open_socket(AF_PACKET, SOCK_RAW, htons(0x88cc));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(0x88cc);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
  must(::bind(fd.get(), any(&address), sizeof address) == 0, "binding a packet socket");
  return fd;
}

Fd netlink_socket(std::uint32_t port) {
  Fd fd = open_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_pid = port;
  address.nl_groups = 1;
  must(::bind(fd.get(), any(&address), sizeof address) == 0, "binding a netlink socket");
  return fd;
}

/// Gives each option the first of some values that is taken and is not the one it had.
void set_options(int fd) {
  const Socket socket = identify_socket(fd).value();
  for (const OptionValue& option : read_options(fd, socket)) {
    if (option.value.size() != sizeof(std::uint32_t)) {
      ::setsockopt(fd, static_cast<int>(option.level), static_cast<int>(option.name), "reno", 4);
      continue;
    }
    for (const std::uint32_t value : {1U, 0U, 2U, 77U, 255U, 1000U, htonl(1), htonl(0x7f000001)}) {
      std::uint32_t now = 0;
      socklen_t size = sizeof now;
      if (::setsockopt(fd, static_cast<int>(option.level), static_cast<int>(option.name), &value,
                       sizeof value) == 0 &&
          ::getsockopt(fd, static_cast<int>(option.level), static_cast<int>(option.name), &now,
                       &size) == 0 &&
          std::memcmp(&now, option.value.data(), sizeof now) != 0) {
        break;
      }
    }
  }
}

Address address_of(const char* text) {
  Address address{};
  const bool six = std::strchr(text, ':') != nullptr;
  must(::inet_pton(six ? AF_INET6 : AF_INET, text, address.data()) == 1, text);
  return address;
}

void join(int fd, const char* group, const std::string& interface, bool include,
          const std::vector<const char*>& sources) {
  Membership membership;
  membership.family = std::strchr(group, ':') != nullptr ? 6 : 4;
  membership.ifindex = ::if_nametoindex(interface.c_str());
  membership.group = address_of(group);
  membership.include = include;
  for (const char* source : sources) {
    membership.sources.push_back(address_of(source));
  }
  const auto joined = write_membership(fd, membership);
  must(joined.has_value(), joined ? "" : joined.error().message());
}

void give_key(int fd, int family, const char* peer, std::uint8_t prefix, const std::string& key) {
  Md5Key md5;
  md5.family = std::strchr(peer, ':') != nullptr ? 6 : 4;
  md5.prefix_length = prefix;
  md5.address = address_of(peer);
  const auto bytes = std::as_bytes(std::span(key));
  md5.key.assign(bytes.begin(), bytes.end());
  const auto given = write_md5_keys(fd, family, std::span(&md5, 1));
  must(given.has_value(), given ? "" : given.error().message());
}

}  // namespace

std::vector<StrangeSocket> make_plain_sockets(const std::string& interface) {
  std::vector<StrangeSocket> sockets;
  sockets.push_back({"tcp4", listener(bound4(SOCK_STREAM, 0, 1790))});
  sockets.push_back({"tcp6", listener(bound6(SOCK_STREAM, 0, 1791, false))});
  sockets.push_back({"udp4", bound4(SOCK_DGRAM, 0, 3784)});
  sockets.push_back({"udp6", bound6(SOCK_DGRAM, 0, 3785, true)});
  sockets.push_back({"udp46", bound6(SOCK_DGRAM, 0, 3786, false)});
  sockets.push_back({"raw4", open_socket(AF_INET, SOCK_RAW, 89)});
  sockets.push_back({"raw6", open_socket(AF_INET6, SOCK_RAW, 89)});
  sockets.push_back({"packet", packet_socket(interface)});
  sockets.push_back({"netlink", netlink_socket(7001)});
  return sockets;
}

std::vector<StrangeSocket> make_strange_sockets(const std::string& interface) {
  std::vector<StrangeSocket> sockets = make_plain_sockets(interface);
  for (const StrangeSocket& socket : sockets) {
    set_options(socket.fd.get());
  }
  const auto fd = [&sockets](const char* what) {
    for (const StrangeSocket& socket : sockets) {
      if (socket.what == what) {
        return socket.fd.get();
      }
    }
    throw std::logic_error(what);
  };
  give_key(fd("tcp4"), AF_INET, "192.0.2.2", 32, strange_key);
  give_key(fd("tcp4"), AF_INET, "198.51.100.0", 24, "another key");
  give_key(fd("tcp6"), AF_INET6, "2001:db8::2", 128, strange_key);
  give_key(fd("tcp6"), AF_INET6, "192.0.2.2", 32, std::string(80, 'k'));
  join(fd("udp4"), "239.1.1.1", interface, false, {});
  join(fd("udp4"), "232.1.1.1", interface, true, {"192.0.2.9", "192.0.2.10"});
  join(fd("udp6"), "ff02::1234", interface, false, {"2001:db8::9"});
  join(fd("udp46"), "239.1.1.2", interface, false, {"192.0.2.9"});
  join(fd("raw4"), "224.0.0.5", interface, false, {});
  join(fd("raw4"), "224.0.0.6", interface, false, {});
  join(fd("raw6"), "ff02::5", interface, false, {});
  for (const int group : {34, 33}) {
    must(
        ::setsockopt(fd("netlink"), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) == 0,
        "joining a netlink group");
  }
  return sockets;
}

}  // namespace issu::tests
