#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "issu/base/clock.hpp"

namespace issu::measure {

/// What a probe frame carries: the first 32 bytes of its payload. The rest is zero.
struct Frame {
  static constexpr std::size_t size = 32;

  std::uint16_t stream = 0;
  bool warm_up = false;   ///< not counted
  std::uint64_t run = 0;  ///< of one start of the instrument: frames of an older one are not ours
  std::uint64_t number = 0;  ///< counts frames that the sender's socket took
  MonoNs sent = 0;
};

/// Writes the frame into at least Frame::size bytes, big-endian.
void write_frame(const Frame& frame, std::span<std::uint8_t> bytes);
/// Nothing when the bytes are no probe frame.
std::optional<Frame> read_frame(std::span<const std::uint8_t> bytes);

}  // namespace issu::measure
