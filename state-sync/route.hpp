#pragma once

#include <cstdint>

#include "state-sync/prefix.hpp"

namespace issu::state_sync {

/// One route of the main table, as far as state-sync needs to know it.
///
/// What makes it the same route to the kernel: prefix, type of service and metric. A second one
/// with these three replaces it.
struct Route {
  Prefix prefix;
  std::uint8_t tos = 0;
  std::uint8_t protocol = 0;  ///< RTPROT_*: who installed it
  std::uint32_t metric = 0;   ///< priority; 0 is IPv4's default
  std::uint32_t nexthop = 0;  ///< id of its nexthop object, 0: it carries its own next hops
  bool multipath = false;     ///< several next hops of its own

  bool operator==(const Route&) const = default;
};

/// Whether a route of this protocol counts: routing daemons' do; those of the kernel, of router
/// advertisements, of redirects, of DHCP and of an administrator's hand do not.
[[nodiscard]] constexpr bool is_daemon_protocol(std::uint8_t protocol) {
  switch (protocol) {
    case 8:   // gated
    case 10:  // mrt
    case 11:  // zebra
    case 12:  // bird
    case 14:  // xorp
    case 17:  // mrouted
    case 42:  // babel
    case 99:  // openr
      return true;
    default:
      return protocol >= 186 && protocol <= 198;  // zebra's: bgp, isis, ospf, … static, srte
  }
}

/// What a netlink message said that matters here.
struct FibEvent {
  enum class Kind {
    route_present,    ///< a route was added or replaced; in a dump: it is there
    route_removed,    ///< a route was deleted
    nexthop_changed,  ///< a nexthop object was added or replaced; the kernel then announces the
                      ///< routes that use it, with this event's `sender` and `sequence`
    nexthop_removed,  ///< a nexthop object is gone, and every route that used it, without a word
    shaken,           ///< a link went down or an address went: IPv4 routes may be gone silently
    answer,           ///< to the request `sequence`: done, or `error`
    dump_end,         ///< of the dump `sequence`; `error` when it failed
  };
  Kind kind = Kind::answer;
  Route route;                 ///< of route_*
  std::uint32_t nexthop = 0;   ///< of nexthop_*
  std::uint32_t sender = 0;    ///< netlink port of who asked for the change; 0: the kernel
  std::uint32_t sequence = 0;  ///< of the request that is answered, or that made the change
  int error = 0;               ///< errno, 0: none
  bool interrupted = false;    ///< the tables changed under the dump: repeat it
};

}  // namespace issu::state_sync
