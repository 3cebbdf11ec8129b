#include "state-sync/fpm/frames.hpp"

#include <algorithm>
#include <cstring>

namespace issu::fpm {
namespace {

constexpr std::byte version{1};

unsigned number(std::byte byte) {
  return std::to_integer<unsigned>(byte);
}

bool is_of_channel(FrameType type) {
  return type == FrameType::begin || type == FrameType::end || type == FrameType::anew;
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
  auto frame = cut(false);
  if (!frame) {
    return fail(std::move(frame).error());
  }
  return *frame ? std::optional((*frame)->content) : std::nullopt;
}

Result<std::optional<Frame>> FrameReader::next_of_channel() {
  return cut(true);
}

Result<std::optional<Frame>> FrameReader::cut(bool channel) {
  const auto bytes = std::span<const std::byte>(buffer_).subspan(begin_, end_ - begin_);
  if (bytes.size() < frame_header_bytes) {
    return std::nullopt;
  }
  if (bytes[0] != version) {
    return fail("an FPM frame of version " + std::to_string(number(bytes[0])) + ", 1 is known");
  }
  const auto type = static_cast<FrameType>(bytes[1]);
  if (type != FrameType::netlink && !(channel && is_of_channel(type))) {
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
  return Frame{type, bytes.subspan(frame_header_bytes, length - frame_header_bytes)};
}

bool FrameReader::skip_behind(std::string_view bytes) {
  const std::string_view there(reinterpret_cast<const char*>(buffer_.data() + begin_),
                               end_ - begin_);
  const std::size_t at = there.find(bytes);
  if (at != std::string_view::npos) {
    begin_ += at + bytes.size();
    return true;
  }
  // The last ones may be the front of it.
  begin_ = end_ - std::min(there.size(), bytes.size() - 1);
  return false;
}

void append_frame(std::vector<std::byte>& out, std::span<const std::byte> messages,
                  FrameType type) {
  const std::size_t length = messages.size() + frame_header_bytes;
  const std::size_t start = out.size();
  out.resize(start + length);
  out[start] = version;
  out[start + 1] = static_cast<std::byte>(type);
  out[start + 2] = static_cast<std::byte>(length >> 8U);
  out[start + 3] = static_cast<std::byte>(length & 0xffU);
  std::copy(messages.begin(), messages.end(), out.begin() + static_cast<std::ptrdiff_t>(start + 4));
}

}  // namespace issu::fpm
