#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "issu/base/clock.hpp"
#include "issu/base/result.hpp"
#include "state-sync/tables/segment.hpp"
#include "state-sync/tables/types.hpp"

namespace issu::tables {

struct WriterOptions {
  /// Fences the writer that is there and waits this long for it to let go of the lock. Zero: a
  /// second writer is refused.
  std::chrono::milliseconds take_over{0};
  /// Time, for what must not be used again too early (1 s).
  std::function<MonoNs()> now = mono_now;
};

/// What opening the tables found: after a writer that was killed in its middle, both can be more
/// than 0.
struct OpenReport {
  std::uint64_t routes = 0;    ///< found again
  std::uint64_t repaired = 0;  ///< entries of the lookup tables that did not say what ROUTES says
  std::uint64_t dropped = 0;   ///< entries of ROUTES that made no sense, or stood there twice
};

/// The one who writes the tables. Readers need no lock and see, for each packet, the tables before
/// or after a change. One thread at a time.
///
/// There is one writer: it holds a lock, and its epoch stands in the header. A later writer that
/// takes over raises the epoch; the earlier one gets an Error "fenced" from each verb from there on
/// and lets go of the lock.
///
/// ROUTES is the truth: `open` checks the lookup tables against it and repairs what differs, while
/// forwarding goes on. There is no other way to open, so a restart after a crash is nothing
/// special.
///
/// When something is full: an Error that says what, the tables unchanged. The segment must outlive
/// the writer.
class Writer {
 public:
  static Result<Writer> open(const Segment& segment, const WriterOptions& options = {});
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;
  ~Writer();

  [[nodiscard]] const OpenReport& report() const;
  [[nodiscard]] std::uint64_t epoch() const;
  /// Error "fenced" when a later writer has taken over.
  [[nodiscard]] Result<void> check_epoch();
  /// Lets go of the lock; every verb is refused afterwards.
  void release();

  // Next hops. `intern` and `intern_group` give the id of an equal one if there is one, and count
  // one reference for the caller; `drop` gives it back. Routes and groups hold references of their
  // own, so a caller may drop as soon as the route is set. After a restart only those are left.
  Result<NextHopId> intern(const NextHop& nexthop);
  /// A group by its members; it never changes. One member is the member itself; none is an Error.
  Result<NextHopId> intern_group(std::span<const GroupMember> members,
                                 const GroupOptions& options = {});
  /// A group of its own, whose members can be changed under the routes that use it.
  Result<NextHopId> create_group(std::span<const GroupMember> members,
                                 const GroupOptions& options = {});
  /// Moves as few buckets as the weights allow when it is resilient; flows of members that stay
  /// keep their bucket.
  Result<void> change_group(NextHopId group, std::span<const GroupMember> members);
  Result<void> drop(NextHopId id);
  /// What an id stands for; none: not in use, or a group.
  [[nodiscard]] std::optional<NextHop> nexthop(NextHopId id) const;
  /// The members of a group, weights as shares of its buckets; empty: no group.
  [[nodiscard]] std::vector<GroupMember> members(NextHopId group) const;
  [[nodiscard]] std::uint64_t nexthop_count() const;

  // Routes: one a prefix.
  /// Adds or replaces; while holding, also confirms.
  Result<void> set_route(const Prefix& prefix, NextHopId nexthop, const RouteInfo& info);
  /// Whether there was one.
  Result<bool> remove_route(const Prefix& prefix);
  /// The same as set_route for each, faster. Stops at the first that fails; those before it are
  /// set. `done`, if given, is how many those are.
  Result<void> load(std::span<const RouteChange> routes, std::size_t* done = nullptr);
  [[nodiscard]] std::optional<RouteEntry> find(const Prefix& prefix) const;
  /// Each route, in no order; ends when `visit` says false. Don't change the tables in it.
  void each_route(const std::function<bool(const RouteEntry&)>& visit) const;
  [[nodiscard]] RouteCounts counts() const;

  // Hold, refresh, sweep: the rules of backends::Npu.
  /// Marks every daemon route stale, in no time. The same epoch again changes nothing; a lower one
  /// than the current is refused.
  Result<void> hold(std::uint64_t epoch);
  /// Says which routes the new side has, all of them.
  Result<void> refresh(std::uint64_t epoch, std::span<const Prefix> routes);
  /// To the end of the epoch held routes are not removed by `remove_route`: they become stale.
  Result<void> keep(std::uint64_t epoch);
  /// Deletes what is stale.
  Result<HoldState> sweep(std::uint64_t epoch);
  /// Ends the hold; nothing is deleted.
  Result<HoldState> release_hold();
  [[nodiscard]] HoldState hold_state() const;
  /// At most `limit` of the stale routes, in no order.
  [[nodiscard]] std::vector<Prefix> stale_sample(std::size_t limit) const;

  // What belongs to the chassis.
  /// The index of a port by its name; a new one gets the lowest that is free.
  Result<std::uint32_t> set_port(const Port& port);
  Result<void> remove_port(std::uint32_t index);
  [[nodiscard]] std::optional<Port> port(std::uint32_t index) const;
  [[nodiscard]] std::optional<std::uint32_t> find_port(std::string_view name) const;
  /// Replaces all local addresses (routes of kind punt to them are not made by this).
  Result<void> set_locals(std::span<const Local> locals);
  [[nodiscard]] std::vector<Local> locals() const;
  /// Adds or replaces.
  Result<void> set_neighbour(const Neighbour& neighbour);
  Result<bool> remove_neighbour(std::uint32_t port, const Address& address);
  [[nodiscard]] std::vector<Neighbour> neighbours() const;
  Result<void> set_punt_slot(std::uint32_t slot);
  [[nodiscard]] std::uint32_t punt_slot() const;
  Result<void> set_dark(bool dark);
  /// Of enum npu_option.
  Result<void> set_options(std::uint32_t options);

 private:
  struct State;
  explicit Writer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace issu::tables
