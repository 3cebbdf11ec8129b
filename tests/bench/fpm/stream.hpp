#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "state-sync/prefix.hpp"

namespace issu::bench {

/// Distinct prefixes in the order of the table, as zebra walks it. IPv4: lengths in the shares of
/// the Internet's table; IPv6: /48s, /44s, /40s and /32s below a few thousand /32s.
std::vector<state_sync::Prefix> realistic_prefixes(std::uint8_t family, std::size_t count);

/// How zebra says a route.
enum class Saying : std::uint8_t {
  by_id,    ///< next-hop objects first, then routes that name one of them
  by_hops,  ///< each route with its gateway in it (`no fpm use-next-hop-groups`)
  pairs,    ///< DELROUTE and NEWROUTE by id, in one frame: how FRR 8 changes a route
};

/// The bytes of an FPM connection that says these routes over 64 gateways, every eighth of them by
/// two at once.
std::vector<std::byte> fpm_stream(const std::vector<state_sync::Prefix>& prefixes, Saying saying);

}  // namespace issu::bench
