#include <doctest/doctest.h>

#include <cstring>

#include "backends/npu/soft/engine/neighbour_event.hpp"
#include "backends/npu/soft/engine/solicit.hpp"
#include "tests/backends/npu/soft/engine/frames.hpp"
#include "tests/backends/npu/soft/engine/table_lab.hpp"

namespace issu::backends::soft {
namespace {

using frames::Bytes;
using frames::Packet;

std::uint64_t as_word(const tables::MacAddress& mac) {
  std::uint64_t word = 0;
  std::memcpy(&word, mac.data(), mac.size());
  return word;
}

/// What a host at port 0 sends to find `wanted`, as a real one would.
Bytes question(const std::string& own, const std::string& wanted,
               std::optional<tables::MacAddress> known = {}) {
  const auto made =
      solicit({frames::host_mac, frames::address(own)}, frames::address(wanted), known);
  return {made.bytes.begin(), made.bytes.begin() + static_cast<std::ptrdiff_t>(made.size)};
}

bool answer(const TableLab& lab, Bytes& frame, std::uint32_t options = 0) {
  return npu_answer(&lab.segment.view(), options, as_word(frames::port_mac), frame.data(),
                    frame.data() + frame.size()) != 0;
}

TEST_CASE("ARP and neighbour solicitations for the router's addresses are answered") {
  const TableLab lab;
  struct Row {
    const char* own;
    const char* wanted;
  };
  const std::string link_local = "fe80::ff:fe00:1";  // by frames::port_mac
  CHECK(link_local_of(frames::port_mac) == frames::address(link_local));
  for (const auto& [own, wanted] :
       {Row{"192.0.2.2", "192.0.2.1"}, Row{"192.0.2.2", "198.51.100.1"},
        Row{"2001:db8:1::2", "2001:db8:1::1"}, Row{"fe80::2", link_local.c_str()}}) {
    for (const bool unicast : {false, true}) {
      CAPTURE(wanted);
      Bytes frame = question(own, wanted, unicast ? std::optional(frames::port_mac) : std::nullopt);
      REQUIRE(answer(lab, frame));
      CHECK(std::memcmp(frame.data(), frames::host_mac.data(), 6) == 0);
      CHECK(std::memcmp(frame.data() + 6, frames::port_mac.data(), 6) == 0);
      const auto heard = heard_in(0, frame);
      REQUIRE(heard);
      CHECK(heard->answer);
      CHECK(heard->address == frames::address(wanted));
      CHECK(heard->mac == frames::port_mac);
      CHECK(heard->target == frames::address(own));
    }
  }
}

TEST_CASE("questions for others, probes and answers are left alone") {
  const TableLab lab;
  Bytes other = question("192.0.2.2", "192.0.2.3");
  const Bytes before = other;
  CHECK(!answer(lab, other));
  CHECK(other == before);
  Bytes other6 = question("2001:db8:1::2", "2001:db8:1::3");
  CHECK(!answer(lab, other6));
  Bytes probe = question("::", "2001:db8:1::1");
  CHECK(!answer(lab, probe));
  Bytes reply = question("192.0.2.2", "192.0.2.1");
  reply[21] = 2;
  CHECK(!answer(lab, reply));
  for (std::size_t size = 0; size < 42; ++size) {
    Bytes cut = question("192.0.2.2", "192.0.2.1");
    cut.resize(size);
    CHECK(!answer(lab, cut));
  }
  for (std::size_t size = 0; size < 86; ++size) {
    Bytes cut = question("2001:db8:1::2", "2001:db8:1::1");
    cut.resize(size);
    CHECK(!answer(lab, cut));
  }
}

TEST_CASE("pings are answered when the option is set, and only for the router") {
  const TableLab lab;
  for (const char* destination : {"192.0.2.1", "2001:db8:2::1"}) {
    Packet packet;
    packet.destination = destination;
    packet.source =
        packet.destination.find(':') == std::string::npos ? "192.0.2.2" : "2001:db8:1::2";
    packet.ttl = 3;
    const Bytes ping = frames::echo(packet);
    REQUIRE(frames::checksums_good(ping));
    Bytes frame = ping;
    CHECK(!answer(lab, frame));
    REQUIRE(answer(lab, frame, NPU_OPTION_ICMP_ECHO));
    CHECK(frames::checksums_good(frame));
    Packet back;
    back.to = packet.from;
    back.from = packet.to;
    back.source = packet.destination;
    back.destination = packet.source;
    Bytes expected = frames::echo(back);
    const std::size_t type = packet.destination.find(':') == std::string::npos ? 34 : 54;
    expected[type] = type == 34 ? 0 : 129;
    expected[type + 2] = frame[type + 2];
    expected[type + 3] = frame[type + 3];
    CHECK(frame == expected);
  }
  Packet through;
  Bytes frame = frames::echo(through);
  CHECK(!answer(lab, frame, NPU_OPTION_ICMP_ECHO));
}

TEST_CASE("an advertisement with a wrong checksum teaches nothing") {
  const TableLab lab;
  Bytes frame = question("2001:db8:1::2", "2001:db8:1::1");
  REQUIRE(heard_in(0, frame));
  for (std::size_t at = 54; at < frame.size(); ++at) {
    Bytes bad = frame;
    bad[at] ^= 0x10;
    CAPTURE(at);
    CHECK(!heard_in(0, bad));
  }
}

}  // namespace
}  // namespace issu::backends::soft
