#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backends/rp.hpp"
#include "issu/base/result.hpp"

namespace issu::backends {

/// One BGP neighbour of `show bgp neighbors json`, with what SessionView has no place for.
struct FrrNeighbor {
  SessionView view;
  std::uint64_t established_count = 0;  ///< sessions since bgpd started
  std::uint64_t dropped_count = 0;
  std::uint64_t up_for_ms = 0;
  /// The last session ended without a word, in graceful restart: its routes were kept.
  bool last_down_held = false;
  /// It waits for the neighbour to come back from a graceful restart.
  bool waiting_for_restart = false;
};

/// Reads `show bgp neighbors json` (fields as in FRR 8.4 and 10.3).
Result<std::vector<FrrNeighbor>> parse_frr_neighbors(std::string_view answer);

/// Reads `show ip route summary json` or `show ipv6 route summary json`: routes that a routing
/// daemon gave to zebra (not connected, local and kernel ones).
Result<std::uint64_t> parse_frr_route_summary(std::string_view answer);

/// Reads `show zebra dplane` and `show zebra dplane providers`, one behind the other or alone:
/// route updates that wait for zebra's data-plane thread or inside one of its providers.
[[nodiscard]] std::uint64_t parse_frr_dplane_queue(std::string_view answer);

/// Reads `show version`: "8.4.4"; empty when there is none.
[[nodiscard]] std::string parse_frr_version(std::string_view answer);

}  // namespace issu::backends
