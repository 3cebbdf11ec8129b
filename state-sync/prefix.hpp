#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "issu/base/result.hpp"

namespace issu::state_sync {

/// An IPv4 or IPv6 prefix in network byte order, host bits zero; IPv4 uses the first four bytes.
/// Orders by family, then address, then length.
struct Prefix {
  std::uint8_t family = 4;  ///< 4 or 6
  std::uint8_t length = 0;  ///< 0 to 32 or 0 to 128
  std::array<std::uint8_t, 16> bytes{};

  bool operator==(const Prefix&) const = default;
  std::strong_ordering operator<=>(const Prefix& other) const {
    if (const auto order = family <=> other.family; order != 0) {
      return order;
    }
    const auto order = bytes <=> other.bytes;
    return order != 0 ? order : length <=> other.length;
  }

  /// "192.0.2.0/24"
  [[nodiscard]] std::string text() const;
  /// Reads "192.0.2.0/24" or "2001:db8::/32"; host bits that are not zero are refused.
  static Result<Prefix> parse(std::string_view text);
};

/// The same prefix with every bit behind its length zero. The length has to fit the family.
[[nodiscard]] constexpr Prefix without_host_bits(Prefix prefix) {
  const unsigned width = prefix.family == 6 ? 16 : 4;
  const unsigned whole = prefix.length / 8U;
  for (unsigned index = whole; index < width; ++index) {
    const unsigned kept = index == whole ? prefix.length % 8U : 0;
    prefix.bytes[index] =
        static_cast<std::uint8_t>(prefix.bytes[index] & (kept == 0 ? 0U : 0xffU << (8U - kept)));
  }
  return prefix;
}

/// The n-th prefix of the same length after `first`: 10.0.0.0/24 + 2 is 10.0.2.0/24. Wraps at the
/// end of the address space.
[[nodiscard]] Prefix nth_after(const Prefix& first, std::uint64_t n);

}  // namespace issu::state_sync
