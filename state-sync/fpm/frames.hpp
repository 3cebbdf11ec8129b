#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::fpm {

/// FPM's frame: version 1, type 1 (netlink), 16-bit big-endian length with these four bytes in it,
/// then netlink messages (FRR, fpm/fpm.h).
inline constexpr std::size_t frame_header_bytes = 4;
inline constexpr std::size_t longest_frame = 65535;

/// Cuts a stream of bytes into frames. Bytes are given as they come, in pieces of any size.
class FrameReader {
 public:
  /// Room for what is read next, at least `longest_frame` bytes; `filled` says how much came.
  [[nodiscard]] std::span<std::byte> room();
  void filled(std::size_t bytes) { end_ += bytes; }

  /// The netlink messages of the next whole frame; none: more bytes are needed. Valid until `room`
  /// is called. An error is the end of the stream: where the next frame begins is not known.
  Result<std::optional<std::span<const std::byte>>> next();

  /// Bytes of a frame that is not whole.
  [[nodiscard]] std::size_t pending() const { return end_ - begin_; }

 private:
  std::vector<std::byte> buffer_ = std::vector<std::byte>(8 * longest_frame);
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// Appends a frame around netlink messages; for tests and benchmarks, and for whoever speaks FPM.
/// At most `longest_frame` bytes with the header.
void append_frame(std::vector<std::byte>& out, std::span<const std::byte> messages);

}  // namespace issu::fpm
