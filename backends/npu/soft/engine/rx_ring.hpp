#pragma once

#include <linux/if_packet.h>

#include <cstddef>
#include <cstdint>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::soft {

/// A mapping of memory that is unmapped at the end of its life.
class Mapping {
 public:
  Mapping() = default;
  Mapping(void* start, std::size_t bytes) : start_(start), bytes_(bytes) {}
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  [[nodiscard]] std::uint8_t* data() const { return static_cast<std::uint8_t*>(start_); }

 private:
  void* start_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Blocks of a receive ring. A frame waits in its block until that is full or `timeout_ms` old, so
/// at a low rate it is the number of blocks that says how long nobody may read: many small ones.
struct RingShape {
  std::uint32_t block_bytes = 1U << 14U;  ///< a multiple of the page size, no less than a frame
  std::uint32_t blocks = 1024;
  std::uint32_t timeout_ms = 1;
};

/// A frame in the ring; it may be rewritten in place and is gone when its block is released.
struct RingFrame {
  std::uint8_t* data = nullptr;
  std::uint32_t bytes = 0;        ///< in the ring
  std::uint32_t wire_bytes = 0;   ///< more than `bytes` when it was cut
  bool checksum_missing = false;  ///< its sender left the TCP or UDP checksum to the hardware
};

/// A packet socket with a TPACKET_V3 receive ring on one port (packet(7)): what comes in, not what
/// goes out. One thread reads. The ring belongs to the socket, not to the process: another process
/// that is given the descriptor and the position goes on where this one stopped, nothing is lost.
class RxRing {
 public:
  /// Opens a socket in the calling thread's network namespace.
  static Result<RxRing> open(int ifindex, const RingShape& shape);
  /// Goes on with a socket that another process opened with the same shape.
  static Result<RxRing> adopt(Fd socket, const RingShape& shape, std::uint32_t position);

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] const RingShape& shape() const { return shape_; }
  /// The block that is read next: what an heir has to know.
  [[nodiscard]] std::uint32_t position() const { return position_; }
  /// Whether a block waits to be read.
  [[nodiscard]] bool ready() const;

  /// Calls `take(const RingFrame&)` for each frame of the next block, `done()` once behind the
  /// last, then gives the block back to the kernel. Returns false when no block was ready.
  template <typename Take, typename Done>
  bool drain_block(Take&& take, Done&& done) {
    if (!ready()) {
      return false;
    }
    const auto* header = block();
    busy_ = (header->hdr.bh1.block_status & TP_STATUS_BLK_TMO) == 0;
    const std::uint32_t count = header->hdr.bh1.num_pkts;
    std::uint8_t* at = start_of_block() + header->hdr.bh1.offset_to_first_pkt;
    for (std::uint32_t n = 0; n < count; ++n) {
      const auto* packet = reinterpret_cast<const tpacket3_hdr*>(at);
      take(RingFrame{at + packet->tp_mac, packet->tp_snaplen, packet->tp_len,
                     (packet->tp_status & TP_STATUS_CSUMNOTREADY) != 0});
      at += packet->tp_next_offset;
    }
    done();
    release_block();
    return true;
  }

  /// Whether the last block was full before its time: frames come faster than a block a timeout.
  [[nodiscard]] bool is_busy() const { return busy_; }
  /// Frames that the kernel dropped because the ring was full, since the last call.
  [[nodiscard]] std::uint64_t take_drops();

 private:
  RxRing(Fd socket, Mapping memory, const RingShape& shape, std::uint32_t position)
      : socket_(std::move(socket)),
        memory_(std::move(memory)),
        shape_(shape),
        position_(position) {}

  [[nodiscard]] std::uint8_t* start_of_block() const {
    return memory_.data() + std::size_t{position_} * shape_.block_bytes;
  }
  [[nodiscard]] tpacket_block_desc* block() const {
    return reinterpret_cast<tpacket_block_desc*>(start_of_block());
  }
  void release_block();

  Fd socket_;
  Mapping memory_;
  RingShape shape_;
  std::uint32_t position_ = 0;
  bool busy_ = false;
};

}  // namespace issu::backends::soft
