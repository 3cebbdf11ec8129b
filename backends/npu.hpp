#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backends/spec.hpp"
#include "issu/base/result.hpp"
#include "state-sync/prefix.hpp"

namespace issu::backends {

/// Routes of routing daemons in the forwarding tables (connected and kernel routes not counted).
struct TableSize {
  std::uint64_t ipv4 = 0;
  std::uint64_t ipv6 = 0;
  [[nodiscard]] std::uint64_t total() const { return ipv4 + ipv6; }
};

/// How far the new side's routes have replaced the held ones since `hold`.
struct SyncState {
  std::uint64_t epoch = 0;  ///< of the last `hold`; 0: none yet
  bool holding = false;     ///< between `hold` and `release`
  bool complete = false;    ///< no change was missed since `hold`; else the counts are not evidence
  std::uint64_t held = 0;   ///< routes marked stale by `hold`
  std::uint64_t refreshed = 0;  ///< of those, confirmed since by the new side
  std::uint64_t stale = 0;      ///< of those, neither confirmed nor gone
  std::uint64_t added = 0;      ///< that were not held before
  std::uint64_t deleted = 0;    ///< routes that left the tables since `hold`, a sweep not counted
  std::uint64_t swept = 0;      ///< by `sweep`
  double quiet_s = 0;           ///< since the tables were last changed by the new side
  std::vector<state_sync::Prefix> stale_sample;  ///< a few of the stale ones, for a message
};

/// The port to the chassis' data plane. It belongs to the chassis, not to a route processor, and
/// goes on with the tables that it has whatever happens to those.
///
/// Every verb can be repeated, also after a crash in its middle. What a `hold` has recorded
/// outlives the caller.
class Npu {
 public:
  Npu() = default;
  Npu(const Npu&) = delete;
  Npu& operator=(const Npu&) = delete;
  virtual ~Npu() = default;

  /// "kernel", "soft"
  [[nodiscard]] virtual std::string driver() const = 0;
  /// Everything that keeps this driver from running here, all at once.
  virtual Result<void> check() = 0;
  /// Creates the chassis and its ports; what is there already stays.
  virtual Result<void> up() = 0;
  /// Takes the chassis and its ports away; nothing is left over.
  virtual Result<void> down() = 0;
  virtual Result<TableSize> size() = 0;
  /// Connects the ports to a slot, where each has its own way to the route processor: what is for
  /// the router goes to it, what it says goes out, its routes are taken in; the other slot is heard
  /// no more. Nothing where the slots share one way. Refused when `epoch` is lower than the last
  /// one held.
  virtual Result<void> punt_to(std::uint64_t epoch, Slot slot) = 0;

  /// Starts watching the tables (a process of its own). Before a `hold`, not dark.
  virtual Result<void> watch() = 0;
  /// Marks all routes stale and begins epoch `epoch`: from here deletions are counted and
  /// refreshes recorded. The same epoch again changes nothing; a lower one than the current is
  /// refused: its holder is fenced off.
  virtual Result<void> hold(std::uint64_t epoch) = 0;
  /// For daemons that come back with their routes and without their sessions: they take routes out
  /// until their neighbours have said them again. From here to the epoch's `sweep` or `release`
  /// what was held forwards on all the same, and what comes back in that time was not deleted. Said
  /// between `hold` and their start; refused for any but the current epoch.
  virtual Result<void> keep(std::uint64_t epoch) = 0;
  /// Says which routes the new side has, all of them: held ones that are not among them are stale
  /// again, whatever was seen at the tables until now (a daemon may write every route that it found
  /// there back before it knows one itself). What comes at the tables afterwards counts again.
  virtual Result<void> refresh(std::uint64_t epoch,
                               const std::vector<state_sync::Prefix>& routes) = 0;
  virtual Result<SyncState> sync_state() = 0;
  /// Deletes what is still stale. Refused for any but the current epoch.
  virtual Result<SyncState> sweep(std::uint64_t epoch) = 0;
  /// Ends the epoch and the watching; the last state is given back. Nothing is deleted.
  virtual Result<SyncState> release() = 0;
};

}  // namespace issu::backends
