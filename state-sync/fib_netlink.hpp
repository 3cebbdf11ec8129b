#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"
#include "state-sync/fib_message.hpp"

namespace issu::state_sync {

/// A subscription to every change of the routes of the network namespace it was opened in
/// (IPv4, IPv6, nexthop objects, links and addresses).
class FibMonitor {
 public:
  /// What a drain found besides events.
  struct Drained {
    bool overrun = false;    ///< the kernel dropped notifications: the events are not all
    bool malformed = false;  ///< a datagram could not be read to its end
  };

  /// `buffer_bytes` of socket buffer; less is taken where the kernel gives less.
  static Result<FibMonitor> open(int buffer_bytes);

  [[nodiscard]] int fd() const { return socket_.get(); }
  /// Delivers everything that waits in the socket; never blocks.
  Result<Drained> drain(const FibSink& sink);

 private:
  explicit FibMonitor(Fd socket) : socket_(std::move(socket)), buffer_(1U << 17U) {}

  Fd socket_;
  std::vector<std::byte> buffer_;
};

/// Asks and changes the routes of the network namespace it was opened in. Blocking, bounded by a
/// time limit on each answer.
class FibSocket {
 public:
  static Result<FibSocket> open();

  /// The netlink port: the `sender` of the changes that were made through this socket.
  [[nodiscard]] std::uint32_t port() const { return port_; }

  /// Gives every route of the main table of `family` (4 or 6) to `sink` and calls `between` after
  /// each part. False when the tables changed under the dump: repeat it, the parts may not fit.
  Result<bool> dump(std::uint8_t family, const FibSink& sink, const std::function<void()>& between);

  /// Deletes these routes, each exactly; one that is gone or was replaced is left. Gives back for
  /// each whether it was deleted. At most 256 at once.
  Result<std::vector<bool>> remove(std::span<const Route> routes);

 private:
  explicit FibSocket(Fd socket) : socket_(std::move(socket)), buffer_(1U << 18U) {}
  Result<std::span<const std::byte>> receive();

  Fd socket_;
  std::uint32_t port_ = 0;
  std::uint32_t sequence_ = 0;
  std::vector<std::byte> buffer_;
};

/// Counts the routing daemons' routes of a family in the current network namespace.
Result<std::uint64_t> count_routes(std::uint8_t family);

}  // namespace issu::state_sync
