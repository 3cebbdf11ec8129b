#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::fpm {

/// FPM's frame: version 1, type 1 (netlink), 16-bit big-endian length with these four bytes in it,
/// then netlink messages (FRR, fpm/fpm.h).
inline constexpr std::size_t frame_header_bytes = 4;
inline constexpr std::size_t longest_frame = 65535;

/// What a frame is. FPM knows netlink and protobuf; the others are said on a channel only
/// (state-sync/fpm/channel.hpp), where the end of a connection does not show by itself.
enum class FrameType : std::uint8_t {
  netlink = 1,
  begin = 0xf0,  ///< guest to host (`begin_frame`): a daemon has connected, all it says follows
  end = 0xf1,    ///< guest to host: its connection is over
  anew = 0xf2,   ///< host to guest: end the daemon's connection, it connects again
};

/// Nothing else looks like it: it is found behind the rest of whatever was said before.
inline constexpr std::string_view begin_frame{"\x01\xf0\x00\x10issu-fpm-beg", 16};

/// A frame without its header.
struct Frame {
  FrameType type = FrameType::netlink;
  std::span<const std::byte> content;
};

/// Cuts a stream of bytes into frames. Bytes are given as they come, in pieces of any size.
class FrameReader {
 public:
  /// Room for what is read next, at least `longest_frame` bytes; `filled` says how much came.
  [[nodiscard]] std::span<std::byte> room();
  void filled(std::size_t bytes) { end_ += bytes; }

  /// The netlink messages of the next whole frame; none: more bytes are needed. Valid until `room`
  /// is called. An error is the end of the stream: where the next frame begins is not known.
  Result<std::optional<std::span<const std::byte>>> next();
  /// The same on a channel: the frame may be of any of the known types.
  Result<std::optional<Frame>> next_of_channel();

  /// Throws away what comes before these bytes, and them; false: they have not come yet.
  bool skip_behind(std::string_view bytes);

  /// Bytes of a frame that is not whole.
  [[nodiscard]] std::size_t pending() const { return end_ - begin_; }

 private:
  Result<std::optional<Frame>> cut(bool channel);

  std::vector<std::byte> buffer_ = std::vector<std::byte>(8 * longest_frame);
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// Appends a frame around netlink messages; for tests and benchmarks, and for whoever speaks FPM.
/// At most `longest_frame` bytes with the header.
void append_frame(std::vector<std::byte>& out, std::span<const std::byte> messages,
                  FrameType type = FrameType::netlink);

}  // namespace issu::fpm
