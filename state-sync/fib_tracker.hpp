#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "issu/base/result.hpp"
#include "state-sync/fib_netlink.hpp"
#include "state-sync/fib_state.hpp"
#include "state-sync/stale_table.hpp"

namespace issu::state_sync {

/// Watches the routes of the network namespace it was opened in and holds them across epochs.
///
/// The epoch is kept in a file: one that was lower than the current one before a restart is still
/// refused after it. A tracker that finds an open epoch in the file was restarted in its middle:
/// it goes on, says `complete = false`, and sweeps nothing in that epoch.
///
/// One thread at a time. `fd()` becomes readable when there is something for `pump`.
class FibTracker {
 public:
  struct Options {
    std::filesystem::path epoch_file;
    int buffer_bytes = 256 << 20;  ///< of the notification socket
  };

  /// Opens the sockets and reads the tables once.
  static Result<std::unique_ptr<FibTracker>> open(Options options);

  [[nodiscard]] int fd() const { return monitor_.fd(); }
  /// Takes in what was notified.
  Result<void> pump();
  /// Whether the tables have to be read again; `settle` does it. Cheap to ask.
  [[nodiscard]] bool unsettled() const { return unsettled_ || table_.in_doubt(); }
  Result<void> settle();

  Result<void> hold(std::uint64_t epoch);
  /// Whether this epoch may speak; an error that says why not.
  [[nodiscard]] Result<void> admit(std::uint64_t epoch, const std::string& verb) const;
  /// From here to the end of the epoch a held route that leaves the tables forwards elsewhere (the
  /// caller sees to that): it counts as deleted when it has not come back by then.
  Result<void> keep(std::uint64_t epoch);
  void doubt_all() { table_.doubt_all(); }
  void refresh(const Prefix& prefix) { table_.refresh(prefix); }
  Result<FibState> state();
  Result<FibState> sweep(std::uint64_t epoch);
  Result<FibState> release();

 private:
  FibTracker(Options options, FibMonitor monitor, FibSocket socket)
      : options_(std::move(options)), monitor_(std::move(monitor)), socket_(std::move(socket)) {}
  void take(const FibEvent& event);
  Result<void> scan();
  /// An error where a change was missed since the epoch began.
  [[nodiscard]] Result<void> nothing_missed() const;
  Result<void> sweep_batch(std::vector<Route>& batch);
  [[nodiscard]] FibState now() const;

  Options options_;
  FibMonitor monitor_;
  FibSocket socket_;
  StaleTable table_;
  FibState last_;                     ///< of the epoch that was released last
  std::uint32_t nexthop_sender_ = 0;  ///< of the last change of a nexthop object
  std::uint32_t nexthop_sequence_ = 0;
  std::uint64_t epoch_ = 0;
  bool holding_ = false;
  bool complete_ = true;
  bool unsettled_ = false;
};

}  // namespace issu::state_sync
