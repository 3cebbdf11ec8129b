#include "issu/config/address.hpp"

#include <arpa/inet.h>

#include <charconv>

namespace issu::config {
namespace {

Result<void> check_characters(std::string_view name, std::size_t longest, std::string_view specials,
                              bool upper) {
  if (name.empty()) {
    return fail("is empty", "give it a name");
  }
  if (name.size() > longest) {
    return fail("\"" + std::string(name) + "\" has " + std::to_string(name.size()) + " characters",
                "use at most " + std::to_string(longest));
  }
  for (const char c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      (upper && c >= 'A' && c <= 'Z') || specials.find(c) != std::string_view::npos;
    if (!good) {
      return fail(
          "\"" + std::string(name) + "\" has a character that a name can't have",
          std::string("use ") + (upper ? "A-Z, " : "") + "a-z, 0-9 and " + std::string(specials));
    }
  }
  if (name == "." || name == "..") {
    return fail("\"" + std::string(name) + "\" is a folder, not a name", "give it a name");
  }
  return {};
}

std::uint32_t ipv4_of(const IpAddress& address) {
  return (std::uint32_t{address.bytes[0]} << 24U) | (std::uint32_t{address.bytes[1]} << 16U) |
         (std::uint32_t{address.bytes[2]} << 8U) | std::uint32_t{address.bytes[3]};
}

/// Why no interface can have it; empty when one can.
std::string unfit(const IpAddress& address, unsigned length) {
  if (address.family == 6) {
    static constexpr std::array<std::uint8_t, 16> kAny{};
    static constexpr std::array<std::uint8_t, 16> kLoopback{0, 0, 0, 0, 0, 0, 0, 0,
                                                            0, 0, 0, 0, 0, 0, 0, 1};
    return address.bytes == kAny        ? "is the unspecified address"
           : address.bytes == kLoopback ? "is the loopback address"
           : address.bytes[0] == 0xff   ? "is a multicast address"
                                        : "";
  }
  const std::uint32_t bits = ipv4_of(address);
  const std::uint32_t host_mask = length >= 32 ? 0 : 0xffffffffU >> length;
  return address.bytes[0] == 0                            ? "lies in 0.0.0.0/8"
         : address.bytes[0] == 127                        ? "is a loopback address"
         : address.bytes[0] >= 224                        ? "is a multicast or reserved address"
         : length < 31 && (bits & host_mask) == 0         ? "is the subnet itself"
         : length < 31 && (bits & host_mask) == host_mask ? "is the subnet's broadcast address"
                                                          : "";
}

}  // namespace

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);
  IpAddress address;
  if (inet_pton(AF_INET, copy.c_str(), address.bytes.data()) == 1) {
    return address;
  }
  address.family = 6;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) {
    return address;
  }
  return fail("\"" + copy + "\" is not an IP address",
              "write it like \"192.0.2.1\" or \"2001:db8::1\"");
}

Result<InterfaceAddress> InterfaceAddress::parse(std::string_view text) {
  const std::string quoted = "\"" + std::string(text) + "\"";
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    return fail(quoted + " has no prefix length", "write it like \"192.0.2.1/24\"");
  }
  auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    return fail(quoted + " is not an address with a prefix length",
                "write it like \"192.0.2.1/24\" or \"2001:db8::1/64\"");
  }
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const unsigned longest = address->family == 4 ? 32 : 128;
  if (error != std::errc{} || end != digits.data() + digits.size() || length < 1 ||
      length > longest) {
    return fail(quoted + " has a prefix length that is out of range",
                "1 to " + std::to_string(longest));
  }
  if (const std::string reason = unfit(*address, length); !reason.empty()) {
    return fail(quoted + " " + reason, "give the interface an address of its own in the subnet");
  }
  return InterfaceAddress{*address, static_cast<std::uint8_t>(length)};
}

Result<void> check_interface_name(std::string_view name) {
  return check_characters(name, 15, "._-", true);
}

Result<void> check_netns_name(std::string_view name) {
  return check_characters(name, 64, "._-", true);
}

Result<void> check_router_name(std::string_view name) {
  if (auto good = check_characters(name, 24, "-", false); !good) {
    return good;
  }
  if (name.front() == '-' || name.back() == '-') {
    return fail("\"" + std::string(name) + "\" begins or ends with '-'", "take it away");
  }
  return {};
}

Result<void> check_version(std::string_view version) {
  constexpr std::string_view others = "._-+~:";
  const bool good = !version.empty() && version.size() <= 64 &&
                    std::all_of(version.begin(), version.end(), [&](char byte) {
                      return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                             (byte >= '0' && byte <= '9') ||
                             others.find(byte) != std::string_view::npos;
                    });
  return good ? Result<void>()
              : fail("\"" + std::string(version.substr(0, 80)) + "\" is not a version",
                     "letters, digits and . _ - + ~ :, at most 64, as images have it: \"8.4.4\"");
}

}  // namespace issu::config
