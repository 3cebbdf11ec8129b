#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "state-sync/fpm/faults.hpp"
#include "state-sync/fpm/message.hpp"
#include "state-sync/tables/writer.hpp"

namespace issu::fpm {

/// The NPU's port (index) of a route processor's interface; none: it is no port.
using PortOf = std::function<std::optional<std::uint32_t>(std::uint32_t ifindex)>;

/// What a speaker's next-hop ids stand for in the tables, and what hops that stand in a route do.
///
/// A group with an id is an entry of its own in the tables, whose members change under its routes;
/// everything else is shared with whoever says the same. zebra may announce a group before its
/// members: it has those that are known, and gets the others when they come. Members whose port is
/// down are left out while others are up: FRR 10 leaves it to the kernel to know that.
class NextHopIds {
 public:
  /// All must outlive it.
  NextHopIds(tables::Writer& tables, const PortOf& port_of, FeedCounters& counters, Faults& faults)
      : tables_(tables), port_of_(port_of), counters_(counters), faults_(faults) {}
  NextHopIds(NextHopIds&&) = delete;
  ~NextHopIds() { forget(); }

  /// None: nobody announced it, or it is a group of which nobody announced a member. The reference
  /// stays here.
  [[nodiscard]] std::optional<tables::NextHopId> find(std::uint32_t id) const;
  /// What a route stands for that says its hops itself. The reference is the caller's to drop.
  std::optional<tables::NextHopId> intern(Action action, const std::vector<Hop>& hops);

  /// What became of an id that was announced again.
  enum class Change {
    done,       ///< its routes follow
    ambiguous,  ///< so do routes of another id that said the same: everything has to be said again
  };
  Change set(const NextHopSaid& said);
  /// Routes keep what they have. Gives back what it stood for.
  std::optional<tables::NextHopId> remove(std::uint32_t id);
  void forget();
  /// A port went up or down: groups get those members that can be used.
  void ports_changed();

 private:
  struct Known {
    tables::NextHopId target = 0;  ///< one reference of it is held; 0: a group without members yet
    std::vector<NextHopSaid::Member> members;
    bool resilient = false;
    [[nodiscard]] bool is_group() const { return !members.empty(); }
  };

  std::optional<tables::NextHopId> intern_hop(const Hop& hop);
  std::optional<tables::NextHopId> took(Result<tables::NextHopId> result);
  Change set_single(const NextHopSaid& said);
  void set_group(const NextHopSaid& said);
  std::vector<tables::GroupMember> targets_of(std::uint32_t id, const Known& group);
  void resolve_group(std::uint32_t id, Known& group);
  void complete_groups_of(std::uint32_t member);
  void renew_groups_of(std::uint32_t member);
  void move_routes(tables::NextHopId before, tables::NextHopId after);
  [[nodiscard]] bool is_shared(tables::NextHopId target) const;
  Known* entry(std::uint32_t id);
  void drop(tables::NextHopId target);
  [[nodiscard]] bool is_up(tables::NextHopId target) const;

  tables::Writer& tables_;
  const PortOf& port_of_;
  FeedCounters& counters_;
  Faults& faults_;
  std::unordered_map<std::uint32_t, Known> known_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> awaited_;  ///< member, group that waits for it
  std::vector<tables::GroupMember> scratch_;
};

}  // namespace issu::fpm
