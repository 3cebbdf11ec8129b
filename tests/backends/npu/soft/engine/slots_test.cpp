// A punt interface for each slot: taps, as machines of their own have them.

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/backends/npu/soft/engine/traffic.hpp"
#include "tests/skip.hpp"

namespace issu::backends::soft {
namespace {

using frames::Bytes;

constexpr std::size_t udp_source_port = 34;

/// A datagram for the router that can be told from the others.
Bytes numbered(std::uint16_t number) {
  frames::Packet packet;
  packet.destination = "192.0.2.1";
  packet.source_port = number;
  return frames::udp(packet);
}

/// What the router says to h1, numbered.
Bytes spoken(const NetworkLab& network, std::uint16_t number) {
  frames::Packet packet;
  packet.to = network.mac_of("h1", "e0");
  packet.from = frames::port_mac;
  packet.source = "192.0.2.1";
  packet.destination = "192.0.2.2";
  packet.source_port = number;
  return frames::udp(packet);
}

/// The numbers of the datagrams among frames.
std::multiset<unsigned> numbers_in(const std::vector<Bytes>& taken) {
  std::multiset<unsigned> numbers;
  for (const Bytes& frame : taken) {
    if (frame.size() > udp_source_port + 2 && frame[12] == 0x08 && frame[13] == 0 &&
        frame[23] == 17) {
      numbers.insert(frame[udp_source_port] * 256U + frame[udp_source_port + 1]);
    }
  }
  return numbers;
}

/// h1's port with a tap for each slot.
struct SlotsLab {
  explicit SlotsLab(EngineKind kind) : engine(network, kind) {
    auto places = network.places();
    places.at(0).punt_ifindex = {slots[0].index(), slots[1].index()};
    engine.set_ports(places);
  }
  /// What each slot was given, until `number` is among it.
  std::array<std::multiset<unsigned>, 2> given_until(unsigned number) {
    std::array<std::multiset<unsigned>, 2> given;
    CHECK(engine.run_until([&] {
      for (std::size_t slot = 0; slot < slots.size(); ++slot) {
        given[slot].merge(numbers_in(slots[slot].take()));
      }
      return given[0].contains(number) || given[1].contains(number);
    }));
    return given;
  }

  NetworkLab network;
  std::array<SlotTap, 2> slots{SlotTap(network, "slot0"), SlotTap(network, "slot1")};
  EngineLab engine;
  FrameSender wire{network, "h1", "e0"};
  Capture host{network, "h1", "e0"};
};

constexpr EngineKind engines[] = {EngineKind::packet, EngineKind::xdp};

TEST_CASE("only the slot that is punted to is given frames, and only what it says is sent") {
  if (!is_root()) {
    ISSU_SKIP("network namespaces need root");
  }
  for (const EngineKind kind : engines) {
    const std::string name = kind == EngineKind::packet ? "packet" : "xdp";
    INFO(name);
    SlotsLab lab(kind);
    for (const std::uint16_t slot : {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{0}}) {
      const std::size_t other = 1U - slot;
      REQUIRE(lab.engine.writer().set_punt_slot(slot));
      lab.wire.send(numbered(100));
      const auto given = lab.given_until(100);
      CHECK(given[slot].count(100) == 1);
      CHECK(given[other].empty());
      // The one that is fenced speaks first: what it says would be seen before the other's.
      const std::uint64_t injected = lab.engine.counter(0, NPU_INJECT_PACKETS);
      lab.slots[other].send(spoken(lab.network, 7));
      lab.engine.run_for(std::chrono::milliseconds(30));
      lab.slots[slot].send(spoken(lab.network, 8));
      std::multiset<unsigned> heard;
      CHECK(lab.engine.run_until([&] {
        heard.merge(numbers_in(lab.host.take()));
        return heard.contains(8);
      }));
      CHECK(heard.count(7) == 0);
      CHECK(lab.engine.counter(0, NPU_INJECT_PACKETS) == injected + 1);
    }
  }
}

TEST_CASE("switched under traffic: each frame comes to one slot, once, and none is lost") {
  if (!is_root()) {
    ISSU_SKIP("network namespaces need root");
  }
  for (const EngineKind kind : engines) {
    const std::string name = kind == EngineKind::packet ? "packet" : "xdp";
    INFO(name);
    SlotsLab lab(kind);
    constexpr std::uint16_t frames_sent = 4'010;
    constexpr std::uint16_t a_switch_each = 256;
    constexpr std::uint16_t a_look_each = 32;
    std::array<std::multiset<unsigned>, 2> given;
    for (std::uint16_t n = 1; n <= frames_sent; ++n) {
      if (n % a_switch_each == 0) {
        REQUIRE(lab.engine.writer().set_punt_slot((n / a_switch_each) % 2U));
      }
      lab.wire.send(numbered(n));
      // The policer's rate is not what is tested; nor is the room of a tap.
      if (n % a_look_each == 0) {
        lab.engine.run_for(std::chrono::milliseconds(2));
        for (std::size_t slot = 0; slot < given.size(); ++slot) {
          given[slot].merge(numbers_in(lab.slots[slot].take()));
        }
      }
    }
    auto rest = lab.given_until(frames_sent);
    lab.engine.run_for(std::chrono::milliseconds(50));
    for (std::size_t slot = 0; slot < given.size(); ++slot) {
      given[slot].merge(rest[slot]);
      given[slot].merge(numbers_in(lab.slots[slot].take()));
    }
    CHECK(given[0].size() > frames_sent / 4U);
    CHECK(given[1].size() > frames_sent / 4U);
    std::multiset<unsigned> all = given[0];
    all.insert(given[1].begin(), given[1].end());
    CHECK(all.size() == frames_sent);
    CHECK(std::set<unsigned>(all.begin(), all.end()).size() == frames_sent);
  }
}

}  // namespace
}  // namespace issu::backends::soft
