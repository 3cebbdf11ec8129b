#include <doctest/doctest.h>

#include "state-sync/tables/counters.h"
#include "tests/state-sync/tables/tables_lab.hpp"

using namespace issu::tables;
using namespace issu::tables::tests;

namespace {

Neighbour neighbour(std::uint32_t port, std::uint8_t last) {
  Neighbour one;
  one.port = port;
  one.address.bytes = {192, 0, 2, last};
  one.mac = {2, 0, 0, 0, 0, last};
  one.state = NPU_NEIGHBOUR_REACHABLE;
  one.confirmed = 42;
  return one;
}

const struct npu_neighbour* look(const Lab& lab, std::uint32_t port, std::uint8_t last) {
  const npu_u64 words[2] = {0x000200c0U | (npu_u64{last} << 24U), 0};
  return npu_neighbour_find(&lab.segment.view(), port, 4, words);
}

}  // namespace

TEST_CASE("Ports by name") {
  Lab lab;
  Port port{"eth0", 7, 9000, {2, 0, 0, 0, 0, 1}, true, {11, 12}};
  const auto index = lab.writer.set_port(port);
  REQUIRE(index);
  CHECK(lab.writer.set_port({"eth1", 8, 1500, {}, false, {}}).value() == 1);
  CHECK(lab.writer.port(0).value() == port);
  port.up = false;
  CHECK(lab.writer.set_port(port).value() == 0);
  CHECK(lab.writer.port(0).value() == port);
  CHECK(lab.writer.find_port("eth1").value() == 1);
  REQUIRE(lab.writer.remove_port(0));
  CHECK_FALSE(lab.writer.port(0).has_value());
  CHECK(lab.writer.set_port({"eth2", 9, 1500, {}, true, {}}).value() == 0);
  CHECK_FALSE(lab.writer.set_port({"a-name-too-long-for-a-port", 9, 1500, {}, true, {}}));
  CHECK_FALSE(lab.writer.remove_port(99));
}

TEST_CASE("Neighbours are found as the engines look for them") {
  Lab lab;
  REQUIRE(lab.writer.set_neighbour(neighbour(1, 9)));
  REQUIRE(lab.writer.set_neighbour(neighbour(2, 9)));
  const auto* found = look(lab, 1, 9);
  REQUIRE(found != nullptr);
  CHECK(NPU_LINK_STATE(found->link) == NPU_NEIGHBOUR_REACHABLE);
  CHECK(NPU_LINK_MAC(found->link) == 0x090000000002ULL);
  CHECK(look(lab, 1, 8) == nullptr);
  CHECK(lab.writer.neighbours().size() == 2);
  CHECK(lab.writer.remove_neighbour(1, neighbour(1, 9).address).value());
  CHECK_FALSE(lab.writer.remove_neighbour(1, neighbour(1, 9).address).value());
  CHECK(look(lab, 1, 9) == nullptr);
  CHECK(look(lab, 2, 9) != nullptr);
  REQUIRE(lab.writer.remove_port(2));
  CHECK(lab.writer.neighbours().empty());
}

TEST_CASE("Many neighbours come and go; a full table says so") {
  Lab lab;
  std::size_t failed = 0;
  for (int round = 0; round < 50; ++round) {
    for (unsigned i = 0; i < 256; ++i) {
      failed += lab.writer.set_neighbour(neighbour(3, static_cast<std::uint8_t>(i))) ? 0 : 1;
    }
    for (const Neighbour& one : lab.writer.neighbours()) {
      CHECK(look(lab, one.port, one.address.bytes[3]) != nullptr);
      CHECK(lab.writer.remove_neighbour(one.port, one.address).value());
    }
    *lab.clock += 2'000'000'000;
  }
  CHECK(failed >= 50 * (256 - 64));
  REQUIRE(lab.writer.set_neighbour(neighbour(3, 1)));
  CHECK(look(lab, 3, 1) != nullptr);
}

TEST_CASE("Local addresses, the slot, dark") {
  Lab lab;
  const Local one[] = {{Address{4, {192, 0, 2, 1}}, 24, 3}};
  REQUIRE(lab.writer.set_locals(one));
  CHECK(lab.writer.locals() == std::vector<Local>(std::begin(one), std::end(one)));
  CHECK_FALSE(lab.writer.set_locals(std::vector<Local>(17)));
  CHECK(lab.segment.header().punt_slot == 0);
  REQUIRE(lab.writer.set_punt_slot(1));
  CHECK(lab.segment.header().punt_slot == 1);
  CHECK_FALSE(lab.writer.set_punt_slot(2));
  REQUIRE(lab.writer.set_dark(true));
  CHECK(lab.segment.header().dark == 1);
  REQUIRE(lab.writer.set_options(NPU_OPTION_ICMP_ECHO));
  CHECK(lab.segment.header().options == NPU_OPTION_ICMP_ECHO);
}

TEST_CASE("Counters of different rows, ports and next hops are different words") {
  const npu_capacities c = small_capacities().rounded();
  const auto words = region_bytes(c)[NPU_COUNTERS] / 8;
  CHECK(npu_nexthop_counter_at(&c, c.counter_rows - 1, c.nexthops - 1, NPU_NEXTHOP_BYTES) < words);
  CHECK(npu_port_counter_at(&c, 0, 1, 0) > npu_port_counter_at(&c, 0, 0, NPU_DROP_OTHER));
  CHECK(npu_nexthop_counter_at(&c, 0, 0, 0) >
        npu_port_counter_at(&c, 0, c.ports - 1, NPU_DROP_OTHER));
  CHECK(npu_port_counter_at(&c, 1, 0, 0) >
        npu_nexthop_counter_at(&c, 0, c.nexthops - 1, NPU_NEXTHOP_BYTES));
}
