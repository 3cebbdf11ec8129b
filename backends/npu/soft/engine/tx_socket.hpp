#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "backends/npu/soft/engine/tx_ring.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::soft {

/// A packet socket that sends whole frames out of one interface and receives nothing. Frames go to
/// the driver at once (PACKET_QDISC_BYPASS).
class TxSocket {
 public:
  /// In the calling thread's network namespace.
  static Result<TxSocket> open(int ifindex);

  /// Sends one frame; false when the interface did not take it. Any thread.
  [[nodiscard]] bool send(std::span<const std::uint8_t> frame) const;
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  explicit TxSocket(Fd socket) : socket_(std::move(socket)) {}
  Fd socket_;
};

/// Frames on their way to one interface. They stay where they are until `flush`.
class TxBatch {
 public:
  static constexpr std::size_t room = 128;

  [[nodiscard]] bool full() const { return count_ == room; }
  [[nodiscard]] std::size_t size() const { return count_; }
  /// There must be room.
  void add(std::span<std::uint8_t> frame);
  /// Sends them in order and empties the batch; how many were not taken. By the ring what it takes.
  std::size_t flush(TxRing* ring, const TxSocket& socket);

 private:
  std::size_t send_rest(std::size_t at, const TxSocket& socket);

  std::array<iovec, room> pieces_{};
  std::array<mmsghdr, room> messages_{};
  std::size_t count_ = 0;
};

}  // namespace issu::backends::soft
