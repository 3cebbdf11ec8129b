#include "issu/measure/frame.hpp"

#include <bit>
#include <cstring>

namespace issu::measure {
namespace {

constexpr std::uint32_t magic = 0x49535355;
constexpr std::uint16_t warm_up_flag = 1;

template <typename T>
void put(std::span<std::uint8_t> bytes, std::size_t at, T value) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * (sizeof value - 1 - i)));
  }
}

template <typename T>
T get(std::span<const std::uint8_t> bytes, std::size_t at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    value = static_cast<T>((value << 8) | bytes[at + i]);
  }
  return value;
}

}  // namespace

void write_frame(const Frame& frame, std::span<std::uint8_t> bytes) {
  put<std::uint32_t>(bytes, 0, magic);
  put<std::uint16_t>(bytes, 4, frame.stream);
  put<std::uint16_t>(bytes, 6, frame.warm_up ? warm_up_flag : std::uint16_t{0});
  put<std::uint64_t>(bytes, 8, frame.run);
  put<std::uint64_t>(bytes, 16, frame.number);
  put<std::uint64_t>(bytes, 24, static_cast<std::uint64_t>(frame.sent));
}

std::optional<Frame> read_frame(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < Frame::size || get<std::uint32_t>(bytes, 0) != magic) {
    return std::nullopt;
  }
  Frame frame;
  frame.stream = get<std::uint16_t>(bytes, 4);
  frame.warm_up = get<std::uint16_t>(bytes, 6) == warm_up_flag;
  frame.run = get<std::uint64_t>(bytes, 8);
  frame.number = get<std::uint64_t>(bytes, 16);
  frame.sent = static_cast<MonoNs>(get<std::uint64_t>(bytes, 24));
  return frame;
}

}  // namespace issu::measure
