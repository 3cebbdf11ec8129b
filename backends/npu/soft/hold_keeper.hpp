#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "state-sync/fib_netlink.hpp"
#include "state-sync/fib_state.hpp"
#include "state-sync/tables/tables.hpp"

namespace issu::backends::soft {

/// The epochs of the soft NPU: the rules of backends::Npu on the tables' own marks.
///
/// The epoch is kept in a file too, for whoever asks while npud is dead. One that is found open
/// there was lost in its middle: messages of the daemons may have died with the npud before, so
/// its marks are no evidence; it says `complete = false` and sweeps nothing.
///
/// A swept route leaves the kernel's table of the route processor as well: a zebra of the next
/// life would take it over from there and say it again. One thread.
class HoldKeeper {
 public:
  /// `kernel`: a socket in the route processor's network namespace. `inherited`: from an npud that
  /// handed over in good order; nothing was lost then.
  static Result<std::unique_ptr<HoldKeeper>> open(tables::Writer& tables,
                                                  state_sync::FibSocket kernel,
                                                  std::filesystem::path epoch_file, bool inherited);

  /// Before the first `hold`.
  void watch() { watching_ = true; }
  Result<void> hold(std::uint64_t epoch);
  /// To the end of the epoch daemons can't take held routes out: they become stale instead. An npud
  /// that is started anew in between knows nothing of it.
  Result<void> keep(std::uint64_t epoch);
  Result<void> refresh(std::uint64_t epoch, const std::vector<state_sync::Prefix>& routes);
  Result<state_sync::FibState> sweep(std::uint64_t epoch);
  Result<state_sync::FibState> release();
  [[nodiscard]] state_sync::FibState state() const;

  [[nodiscard]] bool holding() const { return holding_; }
  /// Whether routes of the new side are still on their way: held, and not yet swept.
  [[nodiscard]] bool reconciling() const { return holding_ && !swept_; }
  /// Something that the daemons said was lost: what is stale can't be told any more.
  void lost_something() { complete_ = false; }
  /// Whether whoever holds `epoch` may still say which slot the ports are connected to.
  [[nodiscard]] Result<void> admit_ports(std::uint64_t epoch) const;

 private:
  HoldKeeper(tables::Writer& tables, state_sync::FibSocket kernel, std::filesystem::path epoch_file)
      : tables_(tables), kernel_(std::move(kernel)), epoch_file_(std::move(epoch_file)) {}
  [[nodiscard]] Result<void> admit(std::uint64_t epoch, const std::string& verb) const;
  Result<void> sweep_kernel(std::vector<state_sync::Prefix> swept);

  tables::Writer& tables_;
  state_sync::FibSocket kernel_;
  std::filesystem::path epoch_file_;
  state_sync::FibState last_;  ///< of the epoch that was released last
  std::uint64_t epoch_ = 0;
  MonoNs held_at_ = 0;
  bool watching_ = false;
  bool holding_ = false;
  bool swept_ = false;
  bool complete_ = true;
};

}  // namespace issu::backends::soft
