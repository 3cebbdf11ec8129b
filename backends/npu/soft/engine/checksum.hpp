#pragma once

#include <cstdint>
#include <span>

namespace issu::backends::soft {

/// Puts in the TCP or UDP checksum that the frame's sender has left to the hardware (a veth hands
/// such frames on as they are). Any other frame stays as it is.
void complete_checksum(std::span<std::uint8_t> frame);

}  // namespace issu::backends::soft
