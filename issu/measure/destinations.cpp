#include "issu/measure/destinations.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace issu::measure {

Destinations::Destinations(std::vector<PrefixRange> ranges, std::uint16_t port)
    : ranges_(std::move(ranges)),
      port_(port),
      family_(ranges_.front().first.family == 4 ? AF_INET : AF_INET6) {
  for (const PrefixRange& range : ranges_) {
    count_ += range.count;
  }
}

socklen_t Destinations::address(std::uint64_t n, sockaddr_storage& out) const {
  n %= count_;
  std::size_t which = 0;
  while (n >= ranges_[which].count) {
    n -= ranges_[which].count;
    ++which;
  }
  state_sync::Prefix prefix = nth_after(ranges_[which].first, n);
  const std::size_t last = family_ == AF_INET ? 3 : 15;
  if (prefix.length < (last + 1) * 8) {
    prefix.bytes[last] |= 1U;
  }
  if (family_ == AF_INET) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    std::memcpy(&address.sin_addr, prefix.bytes.data(), 4);
    std::memcpy(&out, &address, sizeof address);
    return sizeof address;
  }
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port_);
  std::memcpy(&address.sin6_addr, prefix.bytes.data(), 16);
  std::memcpy(&out, &address, sizeof address);
  return sizeof address;
}

Result<socklen_t> socket_address(const std::string& address, std::uint16_t port,
                                 sockaddr_storage& out) {
  sockaddr_in v4{};
  if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&out, &v4, sizeof v4);
    return static_cast<socklen_t>(sizeof v4);
  }
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&out, &v6, sizeof v6);
    return static_cast<socklen_t>(sizeof v6);
  }
  return fail("\"" + address + "\" is no IPv4 or IPv6 address",
              "give a stream's source as 192.0.2.1");
}

}  // namespace issu::measure
