#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "state-sync/prefix.hpp"

namespace issu::fpm {

using state_sync::Prefix;

/// One next hop as rtnetlink says it.
struct Hop {
  std::uint32_t ifindex = 0;  ///< of the route processor's interface; 0: none was named
  std::uint8_t family = 0;    ///< of the gateway: 4 or 6; 0: none, the destination is on the link
  std::uint32_t weight = 1;   ///< its share in a multipath route, 1 to 256
  bool encapsulated = false;  ///< MPLS, SRv6, …: the NPU can't do that
  std::array<std::uint8_t, 16> gateway{};  ///< network byte order; IPv4: the first four bytes
  bool operator==(const Hop&) const = default;
};

enum class Action : std::uint8_t { forward, blackhole, unreachable };

/// RTM_NEWROUTE or RTM_DELROUTE of the main table.
struct RouteSaid {
  bool removed = false;
  bool partly = false;  ///< one hop was removed of a route that may have others (IPv6)
  Action action = Action::forward;
  std::uint8_t protocol = 0;  ///< RTPROT_*
  std::uint32_t metric = 0;
  std::uint32_t nexthop_id = 0;  ///< 0: the hops stand in it
  Prefix prefix;
  std::vector<Hop> hops;
};

/// RTM_NEWNEXTHOP or RTM_DELNEXTHOP.
struct NextHopSaid {
  struct Member {
    std::uint32_t id = 0;
    std::uint32_t weight = 1;  ///< 1 to 256
    bool operator==(const Member&) const = default;
  };
  bool removed = false;
  Action action = Action::forward;
  std::uint32_t id = 0;
  bool resilient = false;       ///< a group whose flows stay where they are when members change
  Hop hop;                      ///< unless it is a group
  std::vector<Member> members;  ///< of a group; empty: none
};

}  // namespace issu::fpm
