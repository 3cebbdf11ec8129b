#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/rp.hpp"
#include "issu/base/result.hpp"

namespace issu::backends {

/// What a daemon says of a neighbour by OSPF or BFD, with what AdjacencyView has no place for.
struct Adjacency {
  AdjacencyView view;
  std::optional<std::uint64_t> up_for_ms;  ///< since it came to this state, if the daemon says so
  std::optional<std::uint64_t> up_for_s;   ///< where it says whole seconds only
  std::string since;                       ///< the same as BIRD prints it; empty: not said
};

/// The intervals of an OSPF interface. Both ends of a link have the same (RFC 2328, 10.5).
struct OspfInterface {
  std::string name;
  double hello_s = 0;
  double dead_s = 0;
};

/// Reads `show ip ospf neighbor detail json` (fields as in FRR 8.4 and 10.3), without intervals.
Result<std::vector<Adjacency>> parse_frr_ospf_neighbors(std::string_view answer);
/// Reads `show ip ospf interface json`.
Result<std::vector<OspfInterface>> parse_frr_ospf_interfaces(std::string_view answer);
/// Reads `show bfd peers json`. FRR says what both ends ask for; when this end goes silent the
/// other one gives up after this end's multiplier times the longer of this end's transmit interval
/// and its own receive interval (RFC 5880, 6.8.4).
Result<std::vector<Adjacency>> parse_frr_bfd_peers(std::string_view answer);

/// Reads `show ospf neighbors NAME`, without intervals.
[[nodiscard]] std::vector<Adjacency> parse_bird_ospf_neighbors(std::string_view answer);
/// Reads `show ospf interface NAME`.
[[nodiscard]] std::vector<OspfInterface> parse_bird_ospf_interfaces(std::string_view answer);
/// Reads `show bfd sessions`. BIRD says how long it waits for the other end itself; both ends are
/// usually set alike.
[[nodiscard]] std::vector<Adjacency> parse_bird_bfd_sessions(std::string_view answer);

/// Gives each neighbour the intervals of its interface.
void add_intervals(std::vector<Adjacency>& neighbours,
                   const std::vector<OspfInterface>& interfaces);

}  // namespace issu::backends
