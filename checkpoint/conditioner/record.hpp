#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/conditioner/secret.hpp"
#include "checkpoint/tcp_flow.hpp"

namespace issu::checkpoint::conditioner {

using Address = std::array<std::uint8_t, 16>;  ///< network order; IPv4 in the first four bytes

/// Who holds a socket. After a restore both are the same again.
struct Holder {
  std::string process;   ///< pids below our pid namespace, outermost first: "7", "7/2"
  std::string name;      ///< of the process, for messages
  std::uint32_t fd = 0;  ///< number of its descriptor
  bool operator==(const Holder&) const = default;
};

/// One of the options of `options.hpp` with its value as getsockopt(2) gave it.
struct OptionValue {
  std::uint32_t level = 0;
  std::uint32_t name = 0;
  std::vector<std::byte> value;
  bool operator==(const OptionValue&) const = default;
};

/// A multicast group that a socket is a member of (RFC 3376: everything but some sources, or
/// nothing but some).
struct Membership {
  std::uint8_t family = 0;  ///< 4 or 6
  std::uint32_t ifindex = 0;
  Address group{};
  bool include = false;  ///< only `sources`; else all but `sources`
  std::vector<Address> sources;
  auto operator<=>(const Membership&) const = default;
};

/// A key of TCP MD5 (RFC 2385) for the peers of a prefix.
struct Md5Key {
  std::uint8_t family = 0;  ///< 4 or 6
  Address address{};
  std::uint8_t prefix_length = 0;
  SecretBytes key;  ///< 1 to 80 bytes
  auto operator<=>(const Md5Key&) const = default;
};

struct Socket {
  std::vector<Holder> holders;  ///< at least one
  std::uint16_t family = 0;     ///< AF_…
  std::uint16_t type = 0;       ///< SOCK_…
  std::uint16_t protocol = 0;
  bool listening = false;
  std::optional<TcpFlow> flow;        ///< of a connected TCP socket
  std::uint32_t netlink_port = 0;     ///< that a netlink socket is bound to
  std::vector<std::uint32_t> groups;  ///< netlink groups above 32
  std::vector<OptionValue> options;
  std::vector<Membership> memberships;
  std::vector<Md5Key> keys;
  bool operator==(const Socket&) const = default;
};

struct Record {
  std::vector<Socket> sockets;
  std::vector<std::string> obstacles;  ///< seen when it was collected; not in the document
  bool operator==(const Record&) const = default;
};

}  // namespace issu::checkpoint::conditioner
