#include "tests/backends/npu/soft/engine/frames.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace issu::backends::soft::frames {
namespace {

// Nothing of the product's own arithmetic is used here: it is what is tested.
std::uint16_t checksum(const Bytes& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? bytes[i] * 256U : bytes[i];
  }
  while (sum > 0xffff) {
    sum = (sum & 0xffffU) + (sum >> 16U);
  }
  return static_cast<std::uint16_t>(~sum);
}

void put(Bytes& bytes, std::uint32_t value, unsigned size) {
  for (unsigned n = size; n-- > 0;) {
    bytes.push_back(static_cast<std::uint8_t>(value >> (8 * n)));
  }
}

void put(Bytes& bytes, const Bytes& more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

Bytes address_bytes(const std::string& text) {
  const tables::Address parsed = address(text);
  return {parsed.bytes.begin(), parsed.bytes.begin() + (parsed.family == 4 ? 4 : 16)};
}

Bytes pseudo_header(const Bytes& addresses, std::size_t length, std::uint8_t protocol) {
  Bytes bytes = addresses;
  put(bytes, static_cast<std::uint32_t>(length), 4);
  put(bytes, protocol, 4);
  return bytes;
}

void set_checksum(Bytes& bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8U);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

Bytes framed(const Packet& packet, std::uint8_t protocol, Bytes transport, std::size_t sum_at,
             bool with_pseudo) {
  const Bytes source = address_bytes(packet.source);
  const Bytes destination = address_bytes(packet.destination);
  Bytes summed;
  if (with_pseudo) {
    Bytes addresses = source;
    put(addresses, destination);
    summed = pseudo_header(addresses, transport.size(), protocol);
  }
  put(summed, transport);
  const std::uint16_t sum = checksum(summed);
  set_checksum(transport, sum_at, sum == 0 ? 0xffff : sum);
  Bytes frame(packet.to.begin(), packet.to.end());
  frame.insert(frame.end(), packet.from.begin(), packet.from.end());
  const auto length = static_cast<std::uint32_t>(transport.size());
  if (source.size() == 4) {
    put(frame, 0x0800, 2);
    Bytes ip;
    put(ip, 0x4500, 2);
    put(ip, length + 20, 2);
    put(ip, 0x1234, 2);
    put(ip, packet.fragment, 2);
    put(ip, packet.ttl, 1);
    put(ip, protocol, 1);
    put(ip, 0, 2);
    put(ip, source);
    put(ip, destination);
    set_checksum(ip, 10, checksum(ip));
    put(frame, ip);
  } else {
    put(frame, 0x86dd, 2);
    put(frame, 0x60000000, 4);
    put(frame, length, 2);
    put(frame, protocol, 1);
    put(frame, packet.ttl, 1);
    put(frame, source);
    put(frame, destination);
  }
  put(frame, transport);
  return frame;
}

}  // namespace

tables::Address address(const std::string& text) {
  tables::Address parsed;
  parsed.family = text.find(':') == std::string::npos ? 4 : 6;
  ::inet_pton(parsed.family == 4 ? AF_INET : AF_INET6, text.c_str(), parsed.bytes.data());
  return parsed;
}

Bytes udp(const Packet& packet) {
  Bytes transport;
  put(transport, packet.source_port, 2);
  put(transport, packet.destination_port, 2);
  put(transport, packet.payload + 8U, 2);
  put(transport, 0, 2);
  for (unsigned n = 0; n < packet.payload; ++n) {
    put(transport, n, 1);
  }
  return framed(packet, 17, transport, 6, true);
}

Bytes echo(const Packet& packet) {
  const bool six = packet.destination.find(':') != std::string::npos;
  Bytes transport;
  put(transport, six ? 128 : 8, 1);
  put(transport, 0, 3);
  put(transport, 0x00010002, 4);
  for (unsigned n = 0; n < packet.payload; ++n) {
    put(transport, n, 1);
  }
  return framed(packet, six ? 58 : 1, transport, 2, six);
}

bool checksums_good(const Bytes& frame) {
  const bool six = frame[12] == 0x86;
  const std::size_t begin = six ? 54 : 34;
  const std::size_t length =
      six ? frame[18] * 256U + frame[19] : frame[16] * 256U + frame[17] - 20U;
  const Bytes transport(frame.begin() + static_cast<std::ptrdiff_t>(begin),
                        frame.begin() + static_cast<std::ptrdiff_t>(begin + length));
  const Bytes ip(frame.begin() + 14, frame.begin() + static_cast<std::ptrdiff_t>(begin));
  const std::uint8_t protocol = six ? frame[20] : frame[23];
  Bytes summed;
  if (protocol != 1) {
    const auto addresses = frame.begin() + (six ? 22 : 26);
    summed = pseudo_header(Bytes(addresses, addresses + (six ? 32 : 8)), length, protocol);
  }
  put(summed, transport);
  return checksum(summed) == 0 && (six || checksum(ip) == 0);
}

}  // namespace issu::backends::soft::frames
