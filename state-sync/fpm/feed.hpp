#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "issu/base/clock.hpp"
#include "issu/base/result.hpp"
#include "state-sync/fpm/decode.hpp"
#include "state-sync/tables/writer.hpp"

namespace issu::fpm {

/// What a feed has taken in, and what it could not.
struct FeedCounters {
  std::uint64_t messages = 0;
  std::uint64_t routes_set = 0;
  std::uint64_t routes_removed = 0;
  std::uint64_t replaced_in_one = 0;  ///< withdrawn and announced in one frame: one change
  std::uint64_t nexthops = 0;
  std::uint64_t skipped = 0;  ///< other kinds, tables and protocols: not the NPU's
  std::uint64_t malformed = 0;
  std::uint64_t unknown_nexthop = 0;  ///< a next-hop id that nobody announced
  std::uint64_t unknown_port = 0;     ///< an interface that is no port
  std::uint64_t encapsulated = 0;     ///< a next hop that asks for what the NPU can't do
  std::uint64_t refused = 0;          ///< by the tables: full, or fenced
  [[nodiscard]] std::uint64_t faults() const {
    return malformed + unknown_nexthop + unknown_port + encapsulated + refused;
  }
};

struct FeedOptions {
  /// The NPU's port (index) of a route processor's interface; none: it is no port.
  std::function<std::optional<std::uint32_t>(std::uint32_t ifindex)> port_of;
  /// Told what is wrong, at most once a second.
  std::function<void(const std::string&)> log;
};

/// Takes routes and next hops of routing daemons from netlink messages into the tables. A message
/// that can't be followed is counted and told; everything else goes on. Routes of the chassis
/// itself are never touched. One thread.
class Feed {
 public:
  /// `tables` must outlive the feed.
  Feed(tables::Writer& tables, FeedOptions options);
  Feed(Feed&&) = delete;
  ~Feed();

  /// The messages of one frame or datagram. A withdrawal that is followed in it by an announcement
  /// of the same prefix is one change: the route never leaves the tables.
  Decoded apply(std::span<const std::byte> messages);
  /// A new daemon speaks: its next-hop ids are its own. Routes stay.
  void forget_nexthops();

  /// From here every prefix that is set is written down; `take_seen` gives the list and ends it.
  void begin_listing();
  [[nodiscard]] std::vector<Prefix> take_seen();

  [[nodiscard]] const FeedCounters& counters() const { return counters_; }
  /// A part of a multipath route was withdrawn: only a look at the whole shows what is left.
  [[nodiscard]] bool wants_resync() const { return wants_resync_; }
  void resync_done() { wants_resync_ = false; }
  /// A stream ended in its middle or can't be read: told and counted.
  void count_malformed(const std::string& what);

 private:
  struct Known {
    tables::NextHopId id = 0;  ///< one reference of it is held
    NextHopSaid said;
  };
  void take(const RouteSaid& route);
  void take(const NextHopSaid& nexthop);
  void remove_pending();
  std::optional<tables::NextHopId> target_of(const RouteSaid& route);
  std::optional<tables::NextHopId> intern_hop(const Hop& hop);
  std::optional<tables::NextHopId> resolve(const NextHopSaid& said);
  std::optional<tables::NextHopId> group_of(std::vector<tables::GroupMember>& members);
  void replace(tables::NextHopId before, tables::NextHopId after);
  void renew_groups(std::uint32_t member);
  std::optional<tables::NextHopId> took(Result<tables::NextHopId> result);
  void complain(std::uint64_t& counter, const std::string& what);

  tables::Writer& tables_;
  FeedOptions options_;
  FeedCounters counters_;
  std::unordered_map<std::uint32_t, Known> nexthops_;
  std::optional<Prefix> pending_;  ///< withdrawn, and perhaps announced by the next message
  std::optional<std::vector<Prefix>> seen_;
  std::vector<tables::GroupMember> scratch_;
  MonoNs last_log_ = 0;
  bool wants_resync_ = false;
};

}  // namespace issu::fpm
