#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "state-sync/tables/types.hpp"

namespace issu::backends::soft::frames {

using Bytes = std::vector<std::uint8_t>;
using tables::MacAddress;

inline constexpr MacAddress port_mac{0x02, 0, 0, 0, 0, 0x01};
inline constexpr MacAddress host_mac{0x02, 0, 0, 0, 0, 0xaa};

/// "192.0.2.1" or "2001:db8::1"
[[nodiscard]] tables::Address address(const std::string& text);

/// What a packet of a test is made of; the checksums are right.
struct Packet {
  MacAddress to = port_mac;
  MacAddress from = host_mac;
  std::string source = "192.0.2.2";
  std::string destination = "198.51.100.2";
  std::uint8_t ttl = 64;
  std::uint16_t payload = 18;  ///< bytes behind the UDP header
  std::uint16_t source_port = 1024;
  std::uint16_t destination_port = 9;
  std::uint16_t fragment = 0;  ///< of IPv4: flags and offset
};

/// A UDP packet of the family of its destination, as a frame without padding.
[[nodiscard]] Bytes udp(const Packet& packet);
/// An ICMP or ICMPv6 echo request with `payload` bytes.
[[nodiscard]] Bytes echo(const Packet& packet);
/// Whether all checksums that the frame should have are right.
[[nodiscard]] bool checksums_good(const Bytes& frame);

}  // namespace issu::backends::soft::frames
