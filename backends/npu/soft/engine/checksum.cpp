#include "backends/npu/soft/engine/checksum.hpp"

#include <cstring>

#include "backends/npu/soft/engine/data_plane.hpp"

namespace issu::backends::soft {
namespace {

std::uint64_t sum_of(std::span<const std::uint8_t> bytes) {
  std::uint64_t sum = 0;
  for (; bytes.size() >= 4; bytes = bytes.subspan(4)) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    sum += word;
  }
  std::uint32_t rest = 0;
  std::memcpy(&rest, bytes.data(), bytes.size());
  return sum + rest;
}

/// Where the checksum stands in the transport header; 0: there is none that we know.
std::size_t offset_in(std::uint8_t protocol) {
  constexpr std::uint8_t tcp = 6;
  constexpr std::uint8_t udp = 17;
  return protocol == tcp ? 16 : protocol == udp ? 6 : 0;
}

void complete(std::span<std::uint8_t> transport, std::span<const std::uint8_t> addresses,
              std::uint8_t protocol) {
  const std::size_t offset = offset_in(protocol);
  if (offset == 0 || transport.size() < offset + 2) {
    return;
  }
  std::memset(transport.data() + offset, 0, 2);
  const std::uint64_t pseudo =
      std::uint64_t{npu_be16(protocol)} +
      std::uint64_t{npu_be32(static_cast<std::uint32_t>(transport.size()))} + sum_of(addresses);
  const auto sum = static_cast<std::uint16_t>(~npu_fold(pseudo + sum_of(transport)));
  // 0 in UDP would say that there is none (RFC 768).
  const std::uint16_t said = sum == 0 ? 0xffff : sum;
  std::memcpy(transport.data() + offset, &said, sizeof said);
}

}  // namespace

void complete_checksum(std::span<std::uint8_t> frame) {
  if (frame.size() < NPU_ETHERNET + NPU_IP4_HEADER) {
    return;
  }
  std::uint16_t type = 0;
  std::memcpy(&type, frame.data() + 12, sizeof type);
  const auto packet = frame.subspan(NPU_ETHERNET);
  if (npu_be16(type) == NPU_TYPE_IP4) {
    const std::size_t header = (packet[0] & 15U) * 4U;
    const std::size_t length = packet[2] * 256U + packet[3];
    if (header >= NPU_IP4_HEADER && length >= header && length <= packet.size()) {
      complete(packet.subspan(header, length - header), packet.subspan(12, 8), packet[9]);
    }
  } else if (npu_be16(type) == NPU_TYPE_IP6 && packet.size() >= NPU_IP6_HEADER) {
    const std::size_t length = packet[4] * 256U + packet[5];
    if (NPU_IP6_HEADER + length <= packet.size()) {
      complete(packet.subspan(NPU_IP6_HEADER, length), packet.subspan(8, 32), packet[6]);
    }
  }
}

}  // namespace issu::backends::soft
