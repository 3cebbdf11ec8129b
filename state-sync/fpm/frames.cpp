#include "state-sync/fpm/frames.hpp"

#include <algorithm>
#include <cstring>

namespace issu::fpm {
namespace {

constexpr std::byte version{1};
constexpr std::byte netlink_type{1};

unsigned number(std::byte byte) {
  return std::to_integer<unsigned>(byte);
}

}  // namespace

std::span<std::byte> FrameReader::room() {
  if (buffer_.size() - end_ < longest_frame) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return std::span(buffer_).subspan(end_);
}

Result<std::optional<std::span<const std::byte>>> FrameReader::next() {
  const auto bytes = std::span<const std::byte>(buffer_).subspan(begin_, end_ - begin_);
  if (bytes.size() < frame_header_bytes) {
    return std::nullopt;
  }
  if (bytes[0] != version) {
    return fail("an FPM frame of version " + std::to_string(number(bytes[0])) + ", 1 is known");
  }
  if (bytes[1] != netlink_type) {
    return fail(
        "an FPM frame of type " + std::to_string(number(bytes[1])) + ", 1 (netlink) is known",
        "load zebra's module dplane_fpm_nl, not fpm with protobuf");
  }
  const std::size_t length = number(bytes[2]) << 8U | number(bytes[3]);
  if (length < frame_header_bytes) {
    return fail("an FPM frame of " + std::to_string(length) + " bytes: its header alone has 4");
  }
  if (bytes.size() < length) {
    return std::nullopt;
  }
  begin_ += length;
  return bytes.subspan(frame_header_bytes, length - frame_header_bytes);
}

void append_frame(std::vector<std::byte>& out, std::span<const std::byte> messages) {
  const std::size_t length = messages.size() + frame_header_bytes;
  const std::size_t start = out.size();
  out.resize(start + length);
  out[start] = version;
  out[start + 1] = netlink_type;
  out[start + 2] = static_cast<std::byte>(length >> 8U);
  out[start + 3] = static_cast<std::byte>(length & 0xffU);
  std::copy(messages.begin(), messages.end(), out.begin() + static_cast<std::ptrdiff_t>(start + 4));
}

}  // namespace issu::fpm
