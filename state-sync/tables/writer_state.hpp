#pragma once

#include <set>

#include "issu/base/fd.hpp"
#include "state-sync/tables/fast24.hpp"
#include "state-sync/tables/neighbours.hpp"
#include "state-sync/tables/nexthops.hpp"
#include "state-sync/tables/route_store.hpp"
#include "state-sync/tables/trie.hpp"
#include "state-sync/tables/writer.hpp"

namespace issu::tables {

/// What the writer is made of; only writer*.cpp know it.
struct Writer::State {
  State(const Segment& segment, const WriterOptions& chosen);

  /// Error "fenced", and the lock is let go, when a later writer has taken over.
  Result<void> check();
  /// Finds everything again and repairs what does not fit.
  void adopt();

  /// `now` may be of a moment ago: with it, ids that came back are only used again later.
  Result<void> set(const Prefix& prefix, NextHopId nexthop, const RouteInfo& info, MonoNs now);
  Result<void> add(const Prefix& prefix, NextHopId nexthop, const RouteInfo& info, MonoNs now);
  void replace(npu_route& slot, const Prefix& prefix, NextHopId nexthop, const RouteInfo& info);
  /// Takes a route out of everything; counts in `header` are the caller's.
  void take_out(npu_route* slot);

  [[nodiscard]] Trie& trie(const Prefix& prefix) { return prefix.family == 6 ? trie6 : trie4; }
  [[nodiscard]] std::uint64_t& daemons(std::uint8_t family) {
    return family == 6 ? counts.daemon6 : counts.daemon4;
  }
  [[nodiscard]] static bool is_daemon(const npu_route& slot) {
    return (slot.state & NPU_ROUTE_DAEMON) != 0;
  }
  [[nodiscard]] bool held(const npu_route& slot) const {
    return is_daemon(slot) && slot.born < header.hold_generation;
  }
  [[nodiscard]] bool confirmed(const npu_route& slot) const {
    return slot.seen >= header.fresh_generation;
  }
  [[nodiscard]] bool stale(const npu_route& slot) const {
    return header.holding != 0 && held(slot) && !confirmed(slot);
  }
  /// As if it had not been confirmed.
  void doubt(npu_route& slot);
  /// A new generation; when the numbers are used up, all marks are written anew.
  void next_generation();
  void touched() { publish(header.changes, header.changes + 1); }

  npu_view view;
  npu_header& header;
  WriterOptions options;
  Fd lock;
  std::uint64_t epoch = 0;
  OpenReport report;
  RouteStore routes;
  IdPool groups4;
  IdPool nodes6;
  Fast24 fast24;
  Trie trie4;
  Trie trie6;
  NextHops nexthops;
  Neighbours neighbours;
  RouteCounts counts;
  std::uint64_t held_now = 0;   ///< held routes that are still there
  std::uint64_t refreshed = 0;  ///< of those, confirmed
  bool keeping = false;         ///< held routes are not removed, they become stale
  std::set<Prefix> gone;        ///< held ones that were removed: if they come back, they are held
};

}  // namespace issu::tables
