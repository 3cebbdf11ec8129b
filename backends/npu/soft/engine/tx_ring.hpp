#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "backends/npu/soft/engine/mapping.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::soft {

/// A packet socket that sends many frames out of one interface by one call (PACKET_TX_RING,
/// packet(7)). The kernel copies each whole frame out of the ring before the call returns: without
/// PACKET_VNET_HDR, what it sends would point into the ring, and the ring is written again while
/// the receiver behind a veth still reads it.
class TxRing {
 public:
  /// In the calling thread's network namespace.
  static Result<TxRing> open(int ifindex);

  /// Copies a frame behind those that wait; false when it is too long for the ring or there is no
  /// room: it has to go another way, after a `flush`.
  [[nodiscard]] bool add(std::span<const std::uint8_t> frame);
  /// Sends what waits, in order; how many frames were not taken.
  std::size_t flush();

 private:
  TxRing(Fd socket, Mapping memory) : socket_(std::move(socket)), memory_(std::move(memory)) {}

  [[nodiscard]] std::uint8_t* slot(std::size_t number) const;
  [[nodiscard]] std::uint32_t status(std::size_t number) const;
  void set_status(std::size_t number, std::uint32_t value) const;
  void step_over_taken();
  std::size_t give_up();

  Fd socket_;
  Mapping memory_;
  std::size_t first_ = 0;  ///< that waits, and where the kernel goes on
  std::size_t waiting_ = 0;
};

}  // namespace issu::backends::soft
