#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "backends/npu/soft/engine/neighbour_event.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::soft {

/// Sees the frames that come in at a port and are not forwarded by XDP, and finds what they say
/// about neighbours. It takes nothing away.
class Tap {
 public:
  /// In the calling thread's network namespace. `port`: index in PORTS.
  static Result<Tap> open(unsigned ifindex, std::uint32_t port);

  [[nodiscard]] int fd() const { return socket_.get(); }
  /// Reads what is there, a few hundred frames at the most.
  void pump(const npu_view& tables, const std::function<void(const NeighbourEvent&)>& take) const;

 private:
  Tap(Fd socket, std::uint32_t port) : socket_(std::move(socket)), port_(port) {}
  Fd socket_;
  std::uint32_t port_ = 0;
};

}  // namespace issu::backends::soft
