#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "state-sync/prefix.hpp"
#include "state-sync/tables/layout.h"

namespace issu::tables {

using state_sync::Prefix;

/// How many of each thing the tables can hold. The defaults take 330 MB of address space, memory
/// only for what is used: 1.8 M routes of both families.
struct Capacities {
  std::uint32_t tbl8_groups = 1U << 15U;  ///< IPv4 /24s that have longer prefixes in them
  std::uint32_t nodes6 = 1U << 17U;       ///< IPv6 nodes below the first 24 bits, 1 KiB each
  std::uint32_t nexthops = 1U << 16U;
  std::uint32_t buckets = 1U << 18U;  ///< of all groups together
  std::uint32_t neighbours = 1U << 16U;
  std::uint32_t ports = 256;
  std::uint32_t locals = 1024;
  std::uint32_t counter_rows = 8;
  std::uint32_t routes = 1U << 21U;

  /// Rounded up to the powers of two that the layout asks for.
  [[nodiscard]] npu_capacities rounded() const;
};

/// Index into NEXTHOPS; 0: no route.
using NextHopId = std::uint32_t;

using MacAddress = std::array<std::uint8_t, 6>;

/// An IPv4 or IPv6 address in network byte order; IPv4 uses the first four bytes, the rest is 0.
struct Address {
  std::uint8_t family = 4;
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Address&) const = default;
  /// "192.0.2.1"
  [[nodiscard]] std::string text() const;
};

/// Where packets go. Two that are equal are one entry of the tables. Groups are not made this way.
struct NextHop {
  npu_nexthop_kind kind = NPU_NH_FORWARD;
  std::uint32_t port = 0;  ///< of NPU_NH_FORWARD and NPU_NH_CONNECTED
  Address gateway;         ///< of NPU_NH_FORWARD
  bool operator==(const NextHop&) const = default;
};

/// A member of a group; `weight` is its share, 1 to 65535.
struct GroupMember {
  NextHopId nexthop = 0;
  std::uint32_t weight = 1;
  bool operator==(const GroupMember&) const = default;
};

struct GroupOptions {
  /// Buckets of members that stay are not given to others when the members change.
  bool resilient = false;
  /// Rounded up to a power of two; 0: enough for the weights, 128 for a resilient group.
  std::uint32_t buckets = 0;
};

enum class RouteOwner : std::uint8_t {
  chassis,  ///< connected prefixes and local addresses: never held or swept
  daemon,   ///< a routing daemon's
};

struct RouteInfo {
  std::uint8_t protocol = 0;  ///< RTPROT_*
  std::uint32_t metric = 0;
  RouteOwner owner = RouteOwner::daemon;
  bool operator==(const RouteInfo&) const = default;
};

struct RouteChange {
  Prefix prefix;
  NextHopId nexthop = 0;
  RouteInfo info;
};

struct RouteEntry {
  Prefix prefix;
  NextHopId nexthop = 0;
  RouteInfo info;
  bool held = false;   ///< was there at the last hold
  bool stale = false;  ///< held, and not confirmed since
};

struct Port {
  std::string name;  ///< at most 15 characters
  std::uint32_t ifindex = 0;
  std::uint32_t mtu = 1500;
  MacAddress mac{};
  bool up = false;
  std::array<std::uint32_t, 2> punt_ifindex{};  ///< by slot; 0: none
  bool operator==(const Port&) const = default;
};

/// An address of the router itself, with the length of the prefix that it is in.
struct Local {
  Address address;
  std::uint8_t length = 0;
  std::uint32_t port = 0;
  bool operator==(const Local&) const = default;
};

struct Neighbour {
  std::uint32_t port = 0;
  Address address;
  MacAddress mac{};
  npu_neighbour_state state = NPU_NEIGHBOUR_INCOMPLETE;
  std::int64_t confirmed = 0;  ///< CLOCK_MONOTONIC, ns
  std::int64_t used = 0;       ///< the same; written by the engines
};

/// How far the routes said since the last hold have replaced the held ones. The same numbers as
/// the port of the NPU asks for.
struct HoldState {
  std::uint64_t epoch = 0;
  bool holding = false;
  bool complete = false;  ///< no route was lost without a count
  std::uint64_t held = 0;
  std::uint64_t refreshed = 0;
  std::uint64_t stale = 0;
  std::uint64_t added = 0;
  std::uint64_t deleted = 0;
  std::uint64_t swept = 0;
  std::int64_t changed_at = 0;  ///< CLOCK_MONOTONIC, ns, of the last change by a feed; 0: none
};

/// Routes in the tables: of daemons, and all of them.
struct RouteCounts {
  std::uint64_t daemon4 = 0;
  std::uint64_t daemon6 = 0;
  std::uint64_t all = 0;
};

}  // namespace issu::tables
