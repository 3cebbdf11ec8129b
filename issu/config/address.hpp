#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "issu/base/result.hpp"

namespace issu::config {

/// An IP address; IPv4 uses the first four bytes.
struct IpAddress {
  std::uint8_t family = 4;  ///< 4 or 6
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const IpAddress&) const = default;

  static Result<IpAddress> parse(std::string_view text);
};

/// An interface's address with its prefix length, "192.0.2.1/24". Refused: addresses that no
/// interface can have (0.0.0.0, loopback, multicast, an IPv4 subnet's own or broadcast address).
struct InterfaceAddress {
  IpAddress address;
  std::uint8_t length = 0;

  static Result<InterfaceAddress> parse(std::string_view text);
};

/// Whether a text can be an interface's name: 1 to 15 of A-Z a-z 0-9 . _ - (not "." or "..").
/// The error says what is wrong.
Result<void> check_interface_name(std::string_view name);
/// The same for a network namespace's name: up to 64 characters.
Result<void> check_netns_name(std::string_view name);
/// A router's name: a-z, 0-9 and '-', not at its ends, up to 24 characters.
Result<void> check_router_name(std::string_view name);
/// A version as images have it: up to 64 of A-Z a-z 0-9 . _ - + ~ :
Result<void> check_version(std::string_view version);

}  // namespace issu::config
