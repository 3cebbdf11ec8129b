#include "backends/npu/soft/own_addresses.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <bit>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace issu::backends::soft {
namespace {

/// The bytes of an address of `entry`; false where it has none of a family that matters.
bool bytes_of(const sockaddr* from, tables::Address& to) {
  if (from == nullptr) {
    return false;
  }
  if (from->sa_family == AF_INET) {
    sockaddr_in place{};
    std::memcpy(&place, from, sizeof place);
    std::memcpy(to.bytes.data(), &place.sin_addr, 4);
    to.family = 4;
    return true;
  }
  if (from->sa_family == AF_INET6) {
    sockaddr_in6 place{};
    std::memcpy(&place, from, sizeof place);
    std::memcpy(to.bytes.data(), &place.sin6_addr, 16);
    to.family = 6;
    return true;
  }
  return false;
}

bool is_loopback(const tables::Address& address) {
  if (address.family == 4) {
    return address.bytes[0] == 127;
  }
  tables::Address one;
  one.family = 6;
  one.bytes[15] = 1;
  return address == one;
}

}  // namespace

Result<std::vector<OwnAddress>> own_addresses() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) {
    return fail_errno("asking for the route processor's addresses");
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(first, ::freeifaddrs);
  std::vector<OwnAddress> found;
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    OwnAddress own;
    tables::Address mask;
    if (!bytes_of(entry->ifa_addr, own.address) || !bytes_of(entry->ifa_netmask, mask) ||
        is_loopback(own.address)) {
      continue;
    }
    own.interface = entry->ifa_name;
    int length = 0;
    for (const std::uint8_t byte : mask.bytes) {
      length += std::popcount(byte);
    }
    own.length = static_cast<std::uint8_t>(length);
    found.push_back(own);
  }
  return found;
}

Result<OwnAddress> own_address(const std::string& interface, const std::string& text) {
  OwnAddress own;
  own.interface = interface;
  const auto slash = text.find('/');
  own.address.family = text.find(':') == std::string::npos ? 4 : 6;
  const unsigned most = own.address.family == 4 ? 32 : 128;
  unsigned length = most + 1;
  if (slash != std::string::npos) {
    std::from_chars(text.data() + slash + 1, text.data() + text.size(), length);
  }
  if (length > most || ::inet_pton(own.address.family == 4 ? AF_INET : AF_INET6,
                                   text.substr(0, slash).c_str(), own.address.bytes.data()) != 1) {
    return fail("\"" + text + "\" is no address with its prefix length",
                "write it as 192.0.2.1/24");
  }
  own.length = static_cast<std::uint8_t>(length);
  return own;
}

state_sync::Prefix prefix_of(const tables::Address& address, std::uint8_t length) {
  state_sync::Prefix prefix;
  prefix.family = address.family;
  prefix.length = length;
  prefix.bytes = address.bytes;
  for (unsigned bit = length; bit < 128; ++bit) {
    prefix.bytes[bit / 8U] =
        static_cast<std::uint8_t>(prefix.bytes[bit / 8U] & ~(0x80U >> (bit % 8U)));
  }
  return prefix;
}

Result<Fd> open_notifications(bool addresses) {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!fd) {
    return fail_errno("opening an rtnetlink socket");
  }
  // Bound: what the kernel notifies on its own account is kept from whoever has port 0, as it has.
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  sockaddr generic{};
  std::memcpy(&generic, &address, sizeof address);
  if (::bind(fd.get(), &generic, sizeof address) != 0) {
    return fail_errno("binding an rtnetlink socket");
  }
  std::vector<int> groups{RTNLGRP_LINK};
  if (addresses) {
    groups.insert(groups.end(), {RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR});
  }
  for (const int group : groups) {
    if (::setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
      return fail_errno("joining an rtnetlink group");
    }
  }
  return fd;
}

bool drain_notifications(const Fd& socket) {
  bool any = false;
  char buffer[8192];
  for (;;) {
    const ssize_t count = ::recv(socket.get(), buffer, sizeof buffer, 0);
    // Dropped ones are a reason to look, too.
    if (count >= 0 || errno == ENOBUFS || errno == EINTR) {
      any = true;
      continue;
    }
    return any;
  }
}

}  // namespace issu::backends::soft
