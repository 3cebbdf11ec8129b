#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "state-sync/fpm/decode.hpp"
#include "state-sync/fpm/faults.hpp"
#include "state-sync/fpm/nexthop_ids.hpp"
#include "state-sync/tables/writer.hpp"

namespace issu::fpm {

struct FeedOptions {
  PortOf port_of;
  /// Told what is wrong, at most once a second.
  std::function<void(const std::string&)> log;
};

/// Takes routes and next hops of routing daemons from netlink messages into the tables. A message
/// that can't be followed is counted and told; everything else goes on. Routes of the chassis
/// itself are never touched. One thread.
///
/// zebra that has just connected goes through its next hops while it says new routes already: a
/// route can come before its next hop. It is counted, and set when the next hop comes; until then
/// a route of the same prefix stays, also when it was withdrawn just before in the same frame.
class Feed {
 public:
  /// `tables` must outlive the feed.
  Feed(tables::Writer& tables, FeedOptions options);
  Feed(Feed&&) = delete;

  /// The messages of one frame or datagram. A withdrawal that is followed in it by an announcement
  /// of the same prefix is one change: the route never leaves the tables.
  Decoded apply(std::span<const std::byte> messages);
  /// A new daemon speaks: its next-hop ids are its own. Routes stay.
  void forget_nexthops() {
    nexthops_.forget();
    waiting_.clear();
  }
  /// A port of the tables went up or down: call it when they say so.
  void ports_changed() { nexthops_.ports_changed(); }

  /// What comes is said by a kernel, not by a daemon: a prefix can have several routes there, the
  /// one with the lowest metric counts; and a next-hop object takes its routes with it.
  void follow_kernel() { from_kernel_ = true; }

  /// From here every prefix that is set is written down; `take_seen` gives the list and ends it.
  /// What was known of the kernel's other routes is forgotten: they are listed, too.
  void begin_listing();
  [[nodiscard]] std::vector<Prefix> take_seen();

  [[nodiscard]] const FeedCounters& counters() const { return counters_; }
  /// Something was said whose meaning only a look at the whole can tell.
  [[nodiscard]] bool wants_resync() const { return wants_resync_; }
  void resync_done() { wants_resync_ = false; }
  /// A stream ended in its middle or can't be read: told and counted.
  void count_malformed(const std::string& what);

 private:
  /// A route whose next hop was not announced yet.
  struct Waiting {
    std::uint32_t nexthop_id = 0;
    std::uint8_t protocol = 0;
    std::uint32_t metric = 0;
  };
  void take(const RouteSaid& route);
  void take(const NextHopSaid& nexthop);
  void withdraw(const RouteSaid& route);
  void remove_pending();
  bool hidden(const RouteSaid& route, const std::optional<tables::RouteEntry>& there);
  std::optional<tables::NextHopId> target_by_id(const RouteSaid& route);
  void wait_for_nexthop(const RouteSaid& route);
  void set_waiting(std::uint32_t nexthop_id);
  void set(const RouteSaid& route, tables::NextHopId target);
  [[nodiscard]] bool is_used(tables::NextHopId target) const;

  tables::Writer& tables_;
  FeedOptions options_;
  FeedCounters counters_;
  Faults faults_;
  NextHopIds nexthops_;
  std::optional<Prefix> pending_;  ///< withdrawn, and perhaps announced by the next message
  std::optional<std::vector<Prefix>> seen_;
  std::map<Prefix, Waiting> waiting_;
  std::set<Prefix> several_;  ///< that the kernel has other routes for
  bool from_kernel_ = false;
  bool wants_resync_ = false;
};

}  // namespace issu::fpm
