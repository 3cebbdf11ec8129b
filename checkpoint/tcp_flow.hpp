#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

namespace issu::checkpoint {

/// The two ends of a connected TCP socket, as its packets have them: an IPv4 connection of an
/// IPv6 socket has IPv4 addresses here.
struct TcpFlow {
  std::uint8_t family = 0;                       ///< 4 or 6
  std::array<std::uint8_t, 16> local_address{};  ///< network order; IPv4 in the first four bytes
  std::array<std::uint8_t, 16> remote_address{};
  std::uint16_t local_port = 0;  ///< host order
  std::uint16_t remote_port = 0;

  auto operator<=>(const TcpFlow&) const = default;
};

/// "192.0.2.1", "2001:db8::1"
[[nodiscard]] std::string address_text(std::uint8_t family,
                                       const std::array<std::uint8_t, 16>& address);
/// "192.0.2.1:179 - 192.0.2.2:40000", "[2001:db8::1]:179 - [2001:db8::2]:40000"
[[nodiscard]] std::string flow_text(const TcpFlow& flow);

}  // namespace issu::checkpoint
