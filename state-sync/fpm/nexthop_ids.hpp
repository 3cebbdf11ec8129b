#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
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
/// everything else is shared with whoever says the same.
class NextHopIds {
 public:
  /// All must outlive it.
  NextHopIds(tables::Writer& tables, const PortOf& port_of, FeedCounters& counters, Faults& faults)
      : tables_(tables), port_of_(port_of), counters_(counters), faults_(faults) {}
  NextHopIds(NextHopIds&&) = delete;
  ~NextHopIds() { forget(); }

  /// The reference stays here.
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

 private:
  struct Known {
    tables::NextHopId target = 0;  ///< one reference of it is held
    std::vector<NextHopSaid::Member> members;
    [[nodiscard]] bool is_group() const { return !members.empty(); }
  };

  std::optional<tables::NextHopId> intern_hop(const Hop& hop);
  std::optional<tables::NextHopId> took(Result<tables::NextHopId> result);
  std::vector<tables::GroupMember> targets_of(std::uint32_t id,
                                              const std::vector<NextHopSaid::Member>& members);
  std::optional<tables::NextHopId> make(const NextHopSaid& said);
  Change change(Known& known, const NextHopSaid& said);
  bool change_group(std::uint32_t id, Known& known,
                    const std::vector<NextHopSaid::Member>& members);
  void move_routes(tables::NextHopId before, tables::NextHopId after);
  void renew_groups_of(std::uint32_t member);
  bool shared(tables::NextHopId target) const;

  tables::Writer& tables_;
  const PortOf& port_of_;
  FeedCounters& counters_;
  Faults& faults_;
  std::unordered_map<std::uint32_t, Known> known_;
  std::vector<tables::GroupMember> scratch_;
};

}  // namespace issu::fpm
