#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state-sync/prefix.hpp"

namespace issu::backends {

/// Counters of a channel. They go on through a graceful restart of the neighbour (a route that it
/// did not announce again counts as an accepted withdraw) and start at 0 for any other session.
struct BirdCounters {
  std::uint64_t imported = 0;  ///< routes held now
  std::uint64_t exported = 0;
  std::uint64_t updates_received = 0;
  std::uint64_t updates_accepted = 0;
  std::uint64_t withdraws_accepted = 0;  ///< of routes that were held; "ignored" ones don't count
};

struct BirdChannel {
  std::string name;                      ///< "ipv4", "ipv6"
  std::string state;                     ///< "UP", "DOWN", "START"
  std::optional<BirdCounters> counters;  ///< BIRD prints none for a channel that is down
  bool neighbor_restarting = false;      ///< its routes are held while the neighbour restarts
  bool recovering = false;  ///< BIRD restarted (-R) and waits for this channel's End-of-RIB
};

/// One protocol of `show protocols all`.
struct BirdProtocol {
  std::string name;
  std::string proto;  ///< "BGP", "Kernel", "Static"
  std::string state;  ///< "up", "start", "down"
  std::string since;  ///< as BIRD prints it: changes when `state` does
  std::string info;   ///< "Established", "Idle          Neighbor lost"
  std::string bgp_state;
  std::string neighbor;
  bool neighbor_restarting = false;
  bool local_graceful_restart = false;     ///< capability that BIRD offered in this session
  bool neighbor_graceful_restart = false;  ///< and the neighbour
  double hold_time_s = 0;  ///< negotiated; 0 when no session is up, or without hold timer
  std::vector<BirdChannel> channels;

  [[nodiscard]] bool established() const { return bgp_state == "Established"; }
};

/// Reads `show protocols` and `show protocols all`. Lines that mean nothing here are passed over.
[[nodiscard]] std::vector<BirdProtocol> parse_bird_protocols(std::string_view answer);

/// Reads `show route …`: the prefixes, in BIRD's order, one a network.
[[nodiscard]] std::vector<state_sync::Prefix> parse_bird_routes(std::string_view answer);

/// Reads `show route count`: networks, all tables together.
[[nodiscard]] std::uint64_t parse_bird_route_count(std::string_view answer);

}  // namespace issu::backends
