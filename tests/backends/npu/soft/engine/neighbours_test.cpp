#include "backends/npu/soft/engine/neighbours.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "backends/npu/soft/engine/solicit.hpp"
#include "tests/backends/npu/soft/engine/table_lab.hpp"

namespace issu::backends::soft {
namespace {

constexpr MonoNs second = 1'000'000'000;

/// Time that a test moves, and what was sent.
struct Bench {
  TableLab lab;
  MonoNs now = 1'000 * second;
  std::vector<std::pair<std::uint32_t, frames::Bytes>> sent;
  Neighbours machine{lab.segment, lab.writer,
                     [this](std::uint32_t port, Frame frame) {
                       sent.emplace_back(port, frames::Bytes(frame.begin(), frame.end()));
                     },
                     NeighbourTimes{}, [this] { return now; }};

  void ask(const std::string& address) {
    NeighbourEvent event;
    event.kind = NeighbourEvent::Kind::asked;
    event.port = 1;
    event.address = frames::address(address);
    REQUIRE(machine.take(event));
  }
  void hear(const std::string& address, const std::string& target, bool answer) {
    REQUIRE(machine.take({NeighbourEvent::Kind::heard, answer, 1, frames::address(address),
                          next_mac, frames::address(target)}));
  }
  void pass(MonoNs time) {
    for (const MonoNs end = now + time; now < end; now += second / 4) {
      REQUIRE(machine.tick());
    }
  }
  [[nodiscard]] npu_neighbour_state state(const std::string& address) const {
    const auto all = lab.writer.neighbours();
    const auto found =
        std::ranges::find(all, frames::address(address), &tables::Neighbour::address);
    return found == all.end() ? NPU_NEIGHBOUR_FREE : found->state;
  }
};

TEST_CASE("who is asked for is asked, and is reachable when it answers") {
  for (const char* address : {"198.51.100.2", "2001:db8:2::2"}) {
    Bench bench;
    bench.ask(address);
    REQUIRE(bench.sent.size() == 1);
    CHECK(bench.sent[0].first == 1);
    const auto heard = heard_in(0, bench.sent[0].second);
    REQUIRE(heard);
    CHECK(heard->mac == other_port_mac);
    CHECK(heard->target == frames::address(address));
    CHECK(heard->address == (heard->address.family == 4 ? frames::address("198.51.100.1")
                                                        : link_local_of(other_port_mac)));
    CHECK(bench.state(address) == NPU_NEIGHBOUR_INCOMPLETE);
    bench.hear(address, "198.51.100.1", true);
    CHECK(bench.state(address) == NPU_NEIGHBOUR_REACHABLE);
  }
}

TEST_CASE("who does not answer has failed, and is asked again when a packet asks again") {
  Bench bench;
  bench.ask("198.51.100.2");
  bench.pass(5 * second);
  CHECK(bench.state("198.51.100.2") == NPU_NEIGHBOUR_FAILED);
  const auto asked = bench.sent.size();
  CHECK(asked >= 3);
  bench.pass(10 * second);
  CHECK(bench.sent.size() == asked);
  bench.ask("198.51.100.2");
  CHECK(bench.sent.size() == asked + 1);
  bench.hear("198.51.100.2", "198.51.100.1", true);
  CHECK(bench.state("198.51.100.2") == NPU_NEIGHBOUR_REACHABLE);
}

TEST_CASE("a gateway is found before there is a packet, and kept without one") {
  Bench bench;
  bench.lab.hands.forward("203.0.113.0/24", 1, "198.51.100.9");
  bench.pass(second);
  REQUIRE(bench.sent.size() == 1);
  bench.hear("198.51.100.9", "198.51.100.1", true);
  // Nothing is sent to it for an hour; it answers each time it is asked.
  for (int n = 0; n < 3600; ++n) {
    bench.sent.clear();
    bench.pass(second);
    if (!bench.sent.empty()) {
      bench.hear("198.51.100.9", "198.51.100.1", true);
    }
  }
  CHECK(bench.state("198.51.100.9") == NPU_NEIGHBOUR_REACHABLE);
}

TEST_CASE("a neighbour that falls silent is used for a while, then it has failed") {
  Bench bench;
  bench.lab.hands.forward("203.0.113.0/24", 1, "198.51.100.9");
  bench.pass(second);
  bench.hear("198.51.100.9", "198.51.100.1", true);
  bench.pass(30 * second);
  CHECK(bench.state("198.51.100.9") == NPU_NEIGHBOUR_STALE);
  bench.pass(40 * second);
  CHECK(bench.state("198.51.100.9") == NPU_NEIGHBOUR_FAILED);
  bench.hear("198.51.100.9", "198.51.100.1", true);
  CHECK(bench.state("198.51.100.9") == NPU_NEIGHBOUR_REACHABLE);
}

TEST_CASE("who is no longer used is forgotten") {
  Bench bench;
  bench.hear("198.51.100.2", "198.51.100.1", false);
  CHECK(bench.state("198.51.100.2") == NPU_NEIGHBOUR_REACHABLE);
  bench.pass(400 * second);
  CHECK(bench.state("198.51.100.2") == NPU_NEIGHBOUR_FREE);
}

TEST_CASE("nobody fills the table") {
  Bench bench;
  bench.hear("198.51.100.2", "198.51.100.77", false);  // a question to somebody else
  bench.hear("198.51.100.3", "198.51.100.1", true);    // an answer that nobody asked for
  CHECK(bench.lab.writer.neighbours().empty());
}

}  // namespace
}  // namespace issu::backends::soft
