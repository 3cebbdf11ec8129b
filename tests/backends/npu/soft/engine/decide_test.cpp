#include <doctest/doctest.h>

#include <cstring>
#include <set>

#include "backends/npu/soft/engine/data_plane.hpp"
#include "backends/npu/soft/engine/polices.hpp"
#include "tests/backends/npu/soft/engine/frames.hpp"
#include "tests/backends/npu/soft/engine/table_lab.hpp"

namespace issu::backends::soft {
namespace {

using frames::Bytes;
using frames::Packet;

npu_verdict decide(const TableLab& lab, const Bytes& frame) {
  npu_verdict verdict;
  const npu_view& view = lab.segment.view();
  npu_decide(&view, &view.ports[0], frame.data(), frame.data() + frame.size(),
             static_cast<npu_u32>(frame.size()), &verdict);
  return verdict;
}

npu_verdict decide(const TableLab& lab, const Packet& packet) {
  return decide(lab, frames::udp(packet));
}

Packet to(const std::string& destination) {
  Packet packet;
  packet.destination = destination;
  packet.source = destination.find(':') == std::string::npos ? "192.0.2.2" : "2001:db8:1::2";
  return packet;
}

TEST_CASE("a connected destination is sent to itself, a remote one to its gateway") {
  TableLab lab;
  lab.hands.forward("203.0.113.0/24", 1, "198.51.100.9");
  lab.hands.forward("2001:db8:ffff::/48", 1, "fe80::9");
  lab.hands.forward("192.0.3.0/24", 1, "fe80::9");  // IPv4 by an IPv6 gateway, RFC 8950
  lab.hands.neighbour(1, "198.51.100.2", next_mac);
  lab.hands.neighbour(1, "198.51.100.9", next_mac, NPU_NEIGHBOUR_STALE);
  lab.hands.neighbour(1, "2001:db8:2::2", next_mac);
  lab.hands.neighbour(1, "fe80::9", next_mac);
  for (const char* destination :
       {"198.51.100.2", "203.0.113.77", "192.0.3.1", "2001:db8:2::2", "2001:db8:ffff::7"}) {
    CAPTURE(destination);
    Bytes frame = frames::udp(to(destination));
    const npu_verdict verdict = decide(lab, frame);
    REQUIRE(verdict.action == NPU_FORWARD);
    CHECK(verdict.port == 1);
    REQUIRE(npu_rewrite(frame.data(), frame.data() + frame.size(), &verdict) == 1);
    CHECK(std::memcmp(frame.data(), next_mac.data(), 6) == 0);
    CHECK(std::memcmp(frame.data() + 6, other_port_mac.data(), 6) == 0);
    CHECK(frames::checksums_good(frame));
    Packet expected = to(destination);
    expected.to = next_mac;
    expected.from = other_port_mac;
    expected.ttl = 63;
    CHECK(frame == frames::udp(expected));
  }
}

TEST_CASE("the router's own addresses are punted, whatever their hop limit") {
  const TableLab lab;
  for (const char* destination : {"192.0.2.1", "198.51.100.1", "2001:db8:2::1"}) {
    Packet packet = to(destination);
    packet.ttl = 1;
    const npu_verdict verdict = decide(lab, packet);
    CHECK(verdict.action == NPU_PUNT);
    CHECK(verdict.counter == NPU_CLASS_CONTROL);
  }
}

TEST_CASE("expired and too big: for the route processor to answer") {
  TableLab lab;
  lab.hands.neighbour(1, "198.51.100.2", next_mac);
  lab.hands.neighbour(1, "2001:db8:2::2", next_mac);
  for (const char* destination : {"198.51.100.2", "2001:db8:2::2"}) {
    const std::uint16_t headers =
        Packet{to(destination)}.source.find(':') == std::string::npos ? 28 : 48;
    for (const std::uint8_t ttl : {std::uint8_t{0}, std::uint8_t{1}}) {
      Packet packet = to(destination);
      packet.ttl = ttl;
      CHECK(decide(lab, packet).action == NPU_PUNT);
      CHECK(decide(lab, packet).counter == NPU_CLASS_EXCEPTION);
    }
    Packet packet = to(destination);
    packet.payload = static_cast<std::uint16_t>(1400 - headers);
    CHECK(decide(lab, packet).action == NPU_FORWARD);
    packet.payload += 1;
    CHECK(decide(lab, packet).action == NPU_PUNT);
    CHECK(decide(lab, packet).counter == NPU_CLASS_EXCEPTION);
  }
}

TEST_CASE("a neighbour that is not known is asked for, the packet dropped") {
  TableLab lab;
  lab.hands.neighbour(1, "198.51.100.3", next_mac, NPU_NEIGHBOUR_INCOMPLETE);
  lab.hands.neighbour(1, "198.51.100.4", next_mac, NPU_NEIGHBOUR_FAILED);
  lab.hands.neighbour(0, "198.51.100.5", next_mac);  // of another port
  for (const char* destination :
       {"198.51.100.2", "198.51.100.3", "198.51.100.4", "198.51.100.5", "2001:db8:2::2"}) {
    const npu_verdict verdict = decide(lab, to(destination));
    CHECK(verdict.action == NPU_DROP);
    CHECK(verdict.counter == NPU_DROP_NO_NEIGHBOUR);
    CHECK(verdict.asks == 1);
  }
}

TEST_CASE("without a route: for the route processor to answer, and counted as that") {
  const TableLab lab;
  for (const char* destination : {"10.1.1.1", "2001:db8:9::1"}) {
    const npu_verdict verdict = decide(lab, to(destination));
    CHECK(verdict.action == NPU_PUNT);
    CHECK(verdict.counter == NPU_CLASS_EXCEPTION);
    CHECK(verdict.lost == NPU_DROP_NO_ROUTE);
  }
  // Nothing of an earlier packet sticks to the next.
  CHECK(decide(lab, to("198.51.100.1")).lost == 0);
}

TEST_CASE("drops and their reasons") {
  TableLab lab;
  lab.hands.route("203.0.113.0/25", {NPU_NH_BLACKHOLE, 0, {}});
  lab.hands.route("203.0.113.128/25", {NPU_NH_UNREACHABLE, 0, {}});
  lab.hands.neighbour(1, "198.51.100.2", next_mac);
  lab.hands.neighbour(1, "2001:db8:2::2", next_mac);
  CHECK(decide(lab, to("203.0.113.1")).counter == NPU_DROP_BLACKHOLE);
  CHECK(decide(lab, to("203.0.113.129")).action == NPU_PUNT);
  Packet link_local = to("2001:db8:2::2");
  link_local.source = "fe80::2";
  link_local.destination = "2001:db8:9::1";
  CHECK(decide(lab, link_local).action == NPU_DROP);
  CHECK(decide(lab, link_local).counter == NPU_DROP_NO_ROUTE);
  link_local.destination = "2001:db8:2::2";
  CHECK(decide(lab, link_local).action == NPU_DROP);
  link_local.destination = "2001:db8:2::1";
  CHECK(decide(lab, link_local).action == NPU_PUNT);
  REQUIRE(lab.writer.set_port({"p2", 12, 1400, other_port_mac, false, {23, 24}}));
  CHECK(decide(lab, to("198.51.100.2")).counter == NPU_DROP_PORT_DOWN);
}

TEST_CASE("flows spread over a group, and each keeps its way; fragments go together") {
  TableLab lab;
  std::vector<tables::GroupMember> members;
  for (int n = 2; n < 6; ++n) {
    const std::string gateway = "198.51.100." + std::to_string(n);
    lab.hands.neighbour(1, gateway, next_mac);
    members.push_back(
        {lab.writer.intern({NPU_NH_FORWARD, 1, frames::address(gateway)}).value(), 1});
  }
  const auto group = lab.writer.intern_group(members);
  REQUIRE(group);
  for (const char* prefix : {"203.0.113.0/24", "2001:db8:ffff::/48"}) {
    REQUIRE(lab.writer.set_route(tables::Prefix::parse(prefix).value(), *group, {}));
  }
  for (const char* destination : {"203.0.113.1", "2001:db8:ffff::1"}) {
    std::set<std::uint32_t> taken;
    for (std::uint16_t port = 1; port < 100; ++port) {
      Packet packet = to(destination);
      packet.source_port = port;
      const std::uint32_t first = decide(lab, packet).nexthop;
      packet.payload = 100;
      packet.ttl = 9;
      CHECK(decide(lab, packet).nexthop == first);
      taken.insert(first);
    }
    CHECK(taken.size() == 4);
  }
  std::set<std::uint32_t> of_fragments;
  for (const std::uint16_t fragment :
       {std::uint16_t{0x2000}, std::uint16_t{0x2001}, std::uint16_t{0x0010}}) {
    Packet packet = to("203.0.113.1");
    packet.fragment = fragment;
    packet.source_port = fragment;
    of_fragments.insert(decide(lab, packet).nexthop);
  }
  CHECK(of_fragments.size() == 1);
}

TEST_CASE("a policer lets its rate and its burst through, and no more") {
  const npu_police police = police_of(1'000, 10);
  npu_u64 bucket = 0;
  npu_u64 now = 5'000'000'000;
  int passed = 0;
  for (int n = 0; n < 1'000; ++n) {
    passed += npu_police_pass(&bucket, &police, now);
  }
  CHECK(passed == 11);
  passed = 0;
  for (int n = 0; n < 10'000; ++n) {
    now += 100'000;  // ten times the rate for a second
    passed += npu_police_pass(&bucket, &police, now);
  }
  CHECK(passed >= 999);
  CHECK(passed <= 1'001);
}

}  // namespace
}  // namespace issu::backends::soft
