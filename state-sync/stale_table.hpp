#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "issu/base/clock.hpp"
#include "state-sync/route.hpp"

namespace issu::state_sync {

/// What became of the held routes. held = refreshed + stale + those that are gone.
struct StaleCounts {
  std::uint64_t held = 0;       ///< marked by `hold`
  std::uint64_t refreshed = 0;  ///< of those, confirmed by the new side
  std::uint64_t stale = 0;      ///< of those, neither confirmed nor gone
  std::uint64_t added = 0;      ///< routes that are there and were not held
  std::uint64_t deleted = 0;    ///< times that a held route left the tables, sweeps not counted
  std::uint64_t swept = 0;      ///< held routes deleted by the sweep
};

/// A mirror of the routing daemons' routes in the NPU, and the stale marks on them.
///
/// It is fed with what was seen, in order: notifications (`present`, `removed`, …) and scans (a
/// dump of the tables, between `begin_scan` and `end_scan`, notifications going on meanwhile).
/// A held route of a prefix that comes again with another metric is superseded: it counts as
/// refreshed, because its prefix is confirmed, and is swept, because the old side left it.
///
/// One thread at a time. 64 bytes a route or less (32 a slot, at most three quarters full).
class StaleTable {
 public:
  StaleTable();

  /// A route was added or replaced.
  void present(const Route& route, MonoNs at);
  /// A route was deleted.
  void removed(const Route& route, MonoNs at);
  /// A nexthop object was removed: the routes that used it are gone.
  void nexthop_removed(std::uint32_t nexthop, MonoNs at);

  /// Begins a comparison with the tables. What notifications touch until `end_scan` is believed
  /// to them, not to the scan.
  void begin_scan();
  void scanned(const Route& route, MonoNs at);
  /// What was not seen is gone. Gives back how many that were.
  std::uint64_t end_scan(MonoNs at);

  /// Marks every route stale; the counts begin anew.
  void hold(MonoNs at);
  /// Ends the marks; the counts stay.
  void release() { holding_ = false; }
  /// From here a held route that leaves is forwarded elsewhere: it counts as deleted only when it
  /// has not come back by `end_keeping`. A `hold` ends it as well.
  void keep() { keeping_ = holding_; }
  void end_keeping();
  /// Takes all confirmations back: what was seen so far is no evidence, a list comes that is.
  void doubt_all();
  /// Confirms the held routes of a prefix; one that is not there is nothing.
  void refresh(const Prefix& prefix);
  /// The held routes that nobody confirmed, at most `limit`; with `superseded`, those too.
  [[nodiscard]] std::vector<Route> unconfirmed(std::size_t limit, bool superseded) const;
  /// Whether this is still to be swept.
  [[nodiscard]] bool to_sweep(const Route& route) const;
  /// The sweep deleted it.
  void swept(const Route& route);

  [[nodiscard]] const StaleCounts& counts() const { return counts_; }
  /// Routes in the tables now.
  [[nodiscard]] std::uint64_t size() const { return present_; }
  /// When a route was last changed by somebody else than the sweep.
  [[nodiscard]] MonoNs changed_at() const { return changed_at_; }
  /// Whether a notification left a doubt that only a scan can end; a scan clears it.
  [[nodiscard]] bool in_doubt() const { return in_doubt_; }

 private:
  struct Slot {
    Prefix prefix;
    std::uint8_t tos = 0;
    std::uint8_t protocol = 0;
    std::uint32_t metric = 0;
    std::uint32_t nexthop = 0;
    std::uint8_t flags = 0;
    bool away = false;  ///< it left while routes are kept
  };
  static_assert(sizeof(Slot) == 32);

  [[nodiscard]] static std::size_t hash(const Prefix& prefix);
  [[nodiscard]] static Route route_of(const Slot& slot);
  [[nodiscard]] Slot* find(const Route& route);
  [[nodiscard]] const Slot* find(const Route& route) const;
  Slot& insert(const Route& route, std::uint8_t flags);
  void grow();
  void come_in(Slot& slot, const Route& route);
  void confirm(Slot& slot, std::uint8_t mark);
  void supersede(const Slot& by);
  void go(Slot& slot, bool by_sweep);
  void come_back(Slot& slot);
  void gone_from_view(Slot& slot);
  void use_nexthop(std::uint32_t nexthop, bool is_used);
  template <typename Visit>
  void each_of(const Prefix& prefix, const Visit& visit);

  std::vector<Slot> slots_;  ///< a power of two of them, probed one after the other
  std::size_t used_ = 0;
  std::uint64_t present_ = 0;
  std::unordered_map<std::uint32_t, std::uint64_t> nexthop_users_;
  StaleCounts counts_;
  MonoNs changed_at_ = 0;
  bool holding_ = false;
  bool keeping_ = false;
  bool scanning_ = false;
  bool in_doubt_ = false;
};

}  // namespace issu::state_sync
