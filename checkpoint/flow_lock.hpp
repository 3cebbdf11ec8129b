#pragma once

#include <chrono>
#include <span>
#include <string>

#include "checkpoint/tcp_flow.hpp"
#include "issu/base/result.hpp"

namespace issu::checkpoint {

/// Stops the packets of a few TCP connections, in and out, while their sockets are away: a peer's
/// segment is not answered with a reset, and no segment of ours gets out. Everything else in the
/// namespace goes on.
///
/// The kernel holds the lock (an nftables table "issu-lock-OWNER" in the network namespace), this
/// object only names it: any process can make an equal one and lift it. Each flow in it has a time
/// of its own, so the kernel ends it when nobody does; what is left then is a table without effect
/// until somebody lifts it. Root is needed, and for `is_locked` the program `nft`.
class FlowLock {
 public:
  /// `netns`: a name of `ip netns`, or the path of a namespace's file. `owner`: whose it is, for
  /// example the router's name; letters, digits, '-', '_', '.'; at most 100 (others are replaced).
  FlowLock(std::string netns, std::string owner);

  /// Locks exactly these flows, for no longer than `at_most` (at least 1 s, at most a day) from
  /// now; flows of an earlier call are let through again unless they are in these. As one step.
  Result<void> lock(std::span<const TcpFlow> flows, std::chrono::seconds at_most);
  /// Lets everything through. One that is not locked, or a namespace that is gone, is fine.
  Result<void> lift();
  /// Whether a flow is still stopped: false also when its time has passed.
  Result<bool> is_locked();

 private:
  std::string netns_;
  std::string table_;
};

}  // namespace issu::checkpoint
