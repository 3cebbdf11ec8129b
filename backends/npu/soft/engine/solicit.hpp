#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "state-sync/tables/types.hpp"

namespace issu::backends::soft {

/// A question for a neighbour's MAC address, as a frame.
struct Solicitation {
  std::array<std::uint8_t, 86> bytes{};
  std::size_t size = 0;
};

/// Who asks.
struct Asker {
  tables::MacAddress mac{};
  tables::Address address;  ///< of the same family as what is asked for; IPv4 0.0.0.0: a probe
};

/// An ARP request or a neighbour solicitation (RFC 826, RFC 4861 4.3). `known`: the MAC address
/// that the neighbour had, which alone is asked; none: all are.
[[nodiscard]] Solicitation solicit(const Asker& asker, const tables::Address& wanted,
                                   const std::optional<tables::MacAddress>& known);

/// The link-local address that a port has by its MAC address.
[[nodiscard]] tables::Address link_local_of(const tables::MacAddress& mac);

}  // namespace issu::backends::soft
