#include "backends/npu/soft/engine/wire.h"

#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "backends/npu/soft/engine/checksum.hpp"
#include "tests/backends/npu/soft/engine/frames.hpp"

namespace issu::backends::soft {
namespace {

using frames::Bytes;
using frames::Packet;

std::uint64_t as_word(const tables::MacAddress& mac) {
  std::uint64_t word = 0;
  std::memcpy(&word, mac.data(), mac.size());
  return word;
}

npu_kind kind_of(const Bytes& frame) {
  return npu_classify(frame.data(), frame.data() + frame.size(), static_cast<npu_u32>(frame.size()),
                      as_word(frames::port_mac));
}

npu_kind kind_of(const Packet& packet) {
  return kind_of(frames::udp(packet));
}

Packet to(const std::string& destination, const std::string& source = {}) {
  Packet packet;
  packet.destination = destination;
  packet.source = !source.empty()                              ? source
                  : destination.find(':') == std::string::npos ? "192.0.2.2"
                                                               : "2001:db8::2";
  return packet;
}

TEST_CASE("a sound packet to somebody is asked of the tables") {
  CHECK(kind_of(to("198.51.100.2")) == NPU_KIND_IP4);
  CHECK(kind_of(to("2001:db8:2::2")) == NPU_KIND_IP6);
}

TEST_CASE("what stays on the link is the route processor's") {
  CHECK(kind_of(to("224.0.0.5")) == NPU_KIND_LINK);
  CHECK(kind_of(to("255.255.255.255")) == NPU_KIND_LINK);
  CHECK(kind_of(to("ff02::5")) == NPU_KIND_LINK);
  CHECK(kind_of(to("fe80::1")) == NPU_KIND_LINK);
  Bytes arp = frames::udp({});
  arp[12] = 0x08;
  arp[13] = 0x06;
  CHECK(kind_of(arp) == NPU_KIND_ARP);
  Bytes isis = frames::udp({});
  isis[12] = 0x00;
  isis[13] = 0x2e;
  CHECK(kind_of(isis) == NPU_KIND_LINK);
  Bytes options = frames::udp({});
  options[14] = 0x46;
  CHECK(kind_of(options) == NPU_KIND_OPTIONS);
}

TEST_CASE("multicast beyond the link is dropped, as is what is for somebody else") {
  CHECK(kind_of(to("239.1.1.1")) == NPU_KIND_MULTICAST);
  CHECK(kind_of(to("ff0e::1")) == NPU_KIND_MULTICAST);
  Packet foreign;
  foreign.to = {0x02, 0, 0, 0, 0, 0x02};
  CHECK(kind_of(foreign) == NPU_KIND_FOREIGN);
  Bytes tagged = frames::udp({});
  tagged[12] = 0x81;
  tagged[13] = 0x00;
  CHECK(kind_of(tagged) == NPU_KIND_UNKNOWN);
}

TEST_CASE("addresses that are never on a wire") {
  CHECK(kind_of(to("127.0.0.1")) == NPU_KIND_MARTIAN);
  CHECK(kind_of(to("0.0.0.1")) == NPU_KIND_MARTIAN);
  CHECK(kind_of(to("198.51.100.2", "127.0.0.1")) == NPU_KIND_MARTIAN);
  CHECK(kind_of(to("198.51.100.2", "224.0.0.1")) == NPU_KIND_MARTIAN);
  CHECK(kind_of(to("::1")) == NPU_KIND_MARTIAN);
  CHECK(kind_of(to("2001:db8::1", "ff02::1")) == NPU_KIND_MARTIAN);
}

TEST_CASE("every way to be cut short is malformed, and nothing behind the end is read") {
  for (const char* destination : {"198.51.100.2", "2001:db8:2::2"}) {
    const Bytes whole = frames::udp(to(destination));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      CAPTURE(size);
      CHECK(kind_of(cut) == NPU_KIND_MALFORMED);
    }
  }
}

TEST_CASE("any bit of an IPv4 header that is wrong is found") {
  const Bytes good = frames::udp({});
  for (std::size_t bit = 0; bit < 160; ++bit) {
    Bytes bad = good;
    bad[14 + bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    CAPTURE(bit);
    CHECK(kind_of(bad) != NPU_KIND_IP4);
  }
}

TEST_CASE("one hop less: the checksum stays right for every header") {
  std::mt19937 random(7);
  for (int n = 0; n < 20'000; ++n) {
    Packet packet;
    packet.source = std::to_string(1 + random() % 126) + ".0." + std::to_string(random() % 256) +
                    "." + std::to_string(random() % 256);
    packet.ttl = static_cast<std::uint8_t>(1 + random() % 255);
    Bytes frame = frames::udp(packet);
    npu_ip4_decrement(reinterpret_cast<npu_ip4*>(frame.data() + NPU_ETHERNET));
    REQUIRE(frame[22] == packet.ttl - 1);
    REQUIRE(frames::checksums_good(frame));
  }
}

TEST_CASE("the end-around carry of the checksum") {
  for (unsigned checksum = 0; checksum <= 0xffff; ++checksum) {
    npu_ip4 ip{};
    ip.ttl = 2;
    ip.checksum = static_cast<npu_u16>(checksum);
    const std::uint32_t before = npu_fold(std::uint64_t{2} + ip.checksum);
    npu_ip4_decrement(&ip);
    // As one's complement numbers, where 0 and 0xffff are the same.
    REQUIRE(npu_fold(std::uint64_t{1} + ip.checksum) % 0xffff == before % 0xffff);
  }
}

TEST_CASE("checksums that were left to the hardware are put in") {
  for (const char* destination : {"198.51.100.2", "2001:db8:2::2"}) {
    for (std::uint16_t size = 0; size < 70; ++size) {
      Packet packet = to(destination);
      packet.payload = size;
      const Bytes good = frames::udp(packet);
      Bytes frame = good;
      const std::size_t at = packet.destination.find(':') == std::string::npos ? 40 : 60;
      frame[at] = 0x12;
      frame[at + 1] = 0x34;
      REQUIRE(!frames::checksums_good(frame));
      complete_checksum(frame);
      CHECK(frame == good);
    }
  }
}

}  // namespace
}  // namespace issu::backends::soft
