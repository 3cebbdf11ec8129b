#include "state-sync/fpm/feed.hpp"

#include <doctest/doctest.h>

#include <set>

#include "tests/state-sync/fpm/messages.hpp"
#include "tests/temp_dir.hpp"

namespace issu::fpm {
namespace {

using tests::ByteString;
using tests::operator+;

tables::Capacities small() {
  tables::Capacities capacities;
  capacities.tbl8_groups = 64;
  capacities.nodes6 = 1024;
  capacities.nexthops = 256;
  capacities.buckets = 1024;
  capacities.neighbours = 64;
  capacities.routes = 256;
  return capacities;
}

struct Lab {
  tests::TempDir dir;
  tables::Segment segment = *tables::Segment::create_file(dir / "tables", small());
  tables::Writer tables = *tables::Writer::open(segment);
  std::vector<std::string> said;
  Feed feed{tables,
            {[](std::uint32_t ifindex) {
               return ifindex < 10 ? std::optional(ifindex - 1) : std::nullopt;
             },
             [this](const std::string& text) { said.push_back(text); }}};

  Lab() {
    for (int port = 0; port < 9; ++port) {
      set_port(port, true);
    }
  }
  void set_port(int index, bool up) {
    tables::Port port;
    port.name = "port" + std::to_string(index);
    port.up = up;
    REQUIRE(tables.set_port(port));
    feed.ports_changed();
  }
  [[nodiscard]] std::optional<tables::NextHop> target(const std::string& prefix) const {
    const auto route = tables.find(*Prefix::parse(prefix));
    return route ? tables.nexthop(route->nexthop) : std::nullopt;
  }
  [[nodiscard]] std::set<std::string> gateways(const std::string& prefix) const {
    std::set<std::string> found;
    for (const auto& member : tables.members(tables.find(*Prefix::parse(prefix))->nexthop)) {
      found.insert(tables.nexthop(member.nexthop)->gateway.text());
    }
    return found;
  }
  [[nodiscard]] std::size_t members(const std::string& prefix) const {
    const auto route = tables.find(*Prefix::parse(prefix));
    return route ? tables.members(route->nexthop).size() : 0;
  }
  [[nodiscard]] bool has(const std::string& prefix) const {
    return tables.find(*Prefix::parse(prefix)).has_value();
  }
};

TEST_CASE("routes with and without next-hop ids") {
  Lab lab;
  lab.feed.apply(tests::new_nexthop(1, {"192.0.2.1", 3}) + tests::new_nexthop(2, {"192.0.2.5", 4}) +
                 tests::new_group(3, {1, 2}) + tests::new_route("10.1.0.0/16", 1) +
                 tests::new_route("10.2.0.0/16", 3) +
                 tests::new_route("10.3.0.0/16", 0, {{"192.0.2.1", 3}}) +
                 tests::new_route("10.4.0.0/16", 0, {{"192.0.2.1", 3}, {"192.0.2.5", 4}}) +
                 tests::new_route("10.5.0.0/16", 0, {{"", 3}}) +
                 tests::new_route("10.6.0.0/16", 0, {}, tests::bgp, RTN_BLACKHOLE));
  CHECK(lab.feed.counters().routes_set == 6);
  CHECK(lab.feed.counters().faults() == 0);
  REQUIRE(lab.target("10.1.0.0/16"));
  CHECK(lab.target("10.1.0.0/16")->gateway.text() == "192.0.2.1");
  CHECK(lab.target("10.1.0.0/16") == lab.target("10.3.0.0/16"));
  CHECK(lab.members("10.2.0.0/16") == 2);
  CHECK(lab.members("10.4.0.0/16") == 2);
  CHECK(lab.target("10.5.0.0/16")->kind == NPU_NH_CONNECTED);
  CHECK(lab.target("10.6.0.0/16")->kind == NPU_NH_BLACKHOLE);
}

TEST_CASE("withdrawn and announced in one frame is one change; withdrawn alone is gone") {
  Lab lab;
  lab.feed.apply(tests::new_route("10.1.0.0/16", 0, {{"192.0.2.1", 3}}));
  REQUIRE(lab.tables.hold(1));
  lab.feed.apply(tests::del_route("10.1.0.0/16") +
                 tests::new_route("10.1.0.0/16", 0, {{"192.0.2.9", 3}}));
  CHECK(lab.target("10.1.0.0/16")->gateway.text() == "192.0.2.9");
  CHECK(lab.tables.hold_state().deleted == 0);
  CHECK(lab.tables.hold_state().refreshed == 1);
  CHECK(lab.feed.counters().replaced_in_one == 1);
  lab.feed.apply(tests::del_route("10.1.0.0/16"));
  CHECK_FALSE(lab.has("10.1.0.0/16"));
  CHECK(lab.tables.hold_state().deleted == 1);
}

TEST_CASE("a next hop that changes moves its routes, and those of its groups") {
  Lab lab;
  lab.feed.apply(tests::new_nexthop(1, {"192.0.2.1", 3}) + tests::new_nexthop(2, {"192.0.2.5", 4}) +
                 tests::new_group(3, {1, 2}) + tests::new_route("10.1.0.0/16", 1) +
                 tests::new_route("10.2.0.0/16", 3));
  lab.feed.apply(tests::new_nexthop(1, {"192.0.2.7", 5}));
  CHECK(lab.target("10.1.0.0/16")->gateway.text() == "192.0.2.7");
  const auto group = lab.tables.find(*Prefix::parse("10.2.0.0/16"));
  bool moved = false;
  for (const auto& member : lab.tables.members(group->nexthop)) {
    const auto hop = lab.tables.nexthop(member.nexthop);
    CHECK(hop->gateway.text() != "192.0.2.1");
    moved = moved || hop->gateway.text() == "192.0.2.7";
  }
  CHECK(moved);
}

TEST_CASE("a group that comes before its members has them when they come") {
  Lab lab;
  lab.feed.apply(tests::new_nexthop(1, {"192.0.2.1", 3}) + tests::new_group(3, {1, 2}) +
                 tests::new_route("10.1.0.0/16", 3));
  CHECK(lab.gateways("10.1.0.0/16") == std::set<std::string>{"192.0.2.1"});
  lab.feed.apply(tests::new_nexthop(2, {"192.0.2.5", 4}));
  CHECK(lab.gateways("10.1.0.0/16") == std::set<std::string>{"192.0.2.1", "192.0.2.5"});
  CHECK(lab.feed.counters().faults() == 0);
}

TEST_CASE("a group that changes takes its routes with it, and nobody else's") {
  Lab lab;
  lab.feed.apply(tests::new_nexthop(1, {"192.0.2.1", 3}) + tests::new_nexthop(2, {"192.0.2.5", 4}) +
                 tests::new_group(3, {1, 2}) + tests::new_group(4, {1, 2}) +
                 tests::new_route("10.1.0.0/16", 3) + tests::new_route("10.2.0.0/16", 4));
  const auto before = lab.tables.find(*Prefix::parse("10.1.0.0/16"))->nexthop;
  lab.feed.apply(tests::new_group(3, {2}));
  CHECK(lab.tables.find(*Prefix::parse("10.1.0.0/16"))->nexthop == before);
  CHECK(lab.gateways("10.1.0.0/16") == std::set<std::string>{"192.0.2.5"});
  CHECK(lab.gateways("10.2.0.0/16") == std::set<std::string>{"192.0.2.1", "192.0.2.5"});
}

TEST_CASE("a group leaves out members whose port is down, unless all are") {
  Lab lab;
  lab.feed.apply(tests::new_nexthop(1, {"192.0.2.1", 3}) + tests::new_nexthop(2, {"192.0.2.5", 4}) +
                 tests::new_group(3, {1, 2}) + tests::new_route("10.1.0.0/16", 3));
  lab.set_port(2, false);
  CHECK(lab.gateways("10.1.0.0/16") == std::set<std::string>{"192.0.2.5"});
  lab.set_port(3, false);
  CHECK(lab.gateways("10.1.0.0/16") == std::set<std::string>{"192.0.2.1", "192.0.2.5"});
  lab.set_port(2, true);
  CHECK(lab.gateways("10.1.0.0/16") == std::set<std::string>{"192.0.2.1"});
}

TEST_CASE("groups within groups, and within themselves, are not followed") {
  Lab lab;
  lab.feed.apply(tests::new_nexthop(1, {"192.0.2.1", 3}) + tests::new_nexthop(5, {"192.0.2.1", 3}));
  lab.feed.apply(tests::new_group(5, {5}) + tests::new_group(6, {5}) + tests::new_group(5, {6, 5}) +
                 tests::new_group(6, {6, 1}) + tests::new_route("10.1.0.0/16", 6));
  CHECK(lab.gateways("10.1.0.0/16") == std::set<std::string>{"192.0.2.1"});
}

TEST_CASE("next hops that are given back leave nothing behind") {
  Lab lab;
  for (int round = 0; round < 3; ++round) {
    lab.feed.apply(tests::new_nexthop(1, {"192.0.2.1", 3}) +
                   tests::new_nexthop(2, {"192.0.2.5", 4}) + tests::new_group(3, {1, 2}) +
                   tests::new_group(9, {7, 8}) + tests::new_route("10.1.0.0/16", 3) +
                   tests::new_route("10.2.0.0/16", 0, {{"192.0.2.1", 3}, {"192.0.2.5", 4}}) +
                   tests::new_nexthop(1, {"192.0.2.7", 5}) + tests::new_group(1, {2}));
    lab.feed.apply(tests::del_route("10.1.0.0/16") + tests::del_route("10.2.0.0/16"));
    lab.feed.forget_nexthops();
    CHECK(lab.tables.nexthop_count() == 0);
  }
}

TEST_CASE("of a kernel's routes for one prefix the one with the lowest metric counts") {
  Lab lab;
  lab.feed.follow_kernel();
  const auto route = [](const char* gateway, std::uint32_t metric) {
    return tests::new_route("10.1.0.0/16", 0, {{gateway, 3}}, tests::bgp, RTN_UNICAST, metric);
  };
  lab.feed.apply(route("192.0.2.1", 20));
  lab.feed.apply(route("192.0.2.2", 100));
  CHECK(lab.target("10.1.0.0/16")->gateway.text() == "192.0.2.1");
  lab.feed.apply(tests::del_route("10.1.0.0/16", tests::bgp, 100));
  CHECK(lab.target("10.1.0.0/16")->gateway.text() == "192.0.2.1");
  CHECK_FALSE(lab.feed.wants_resync());
  lab.feed.apply(tests::del_route("10.1.0.0/16", tests::bgp, 20));
  CHECK(lab.has("10.1.0.0/16"));  // another may be left: a look at the whole tells
  CHECK(lab.feed.wants_resync());

  lab.feed.resync_done();
  lab.feed.begin_listing();
  lab.feed.apply(route("192.0.2.3", 50) + route("192.0.2.2", 100));
  CHECK(lab.target("10.1.0.0/16")->gateway.text() == "192.0.2.3");
  CHECK(lab.feed.take_seen() == std::vector<Prefix>{*Prefix::parse("10.1.0.0/16")});
}

TEST_CASE("a kernel's next-hop object takes its routes with it") {
  Lab lab;
  lab.feed.follow_kernel();
  lab.feed.apply(tests::new_nexthop(1, {"192.0.2.1", 3}) + tests::new_nexthop(2, {"192.0.2.2", 3}) +
                 tests::new_route("10.1.0.0/16", 1));
  lab.feed.apply(tests::del_nexthop(2));
  CHECK_FALSE(lab.feed.wants_resync());
  lab.feed.apply(tests::del_nexthop(1));
  CHECK(lab.feed.wants_resync());
}

TEST_CASE("what can't be followed is counted, told once, and the rest goes on") {
  Lab lab;
  lab.feed.apply(tests::new_route("10.1.0.0/16", 99) + tests::new_route("10.2.0.0/16", 98) +
                 tests::new_route("10.3.0.0/16", 0, {{"192.0.2.1", 33}}) +
                 tests::new_route("10.4.0.0/16", 0, {{"192.0.2.1", 3}}) +
                 tests::new_group(7, {55}) + tests::new_route("10.6.0.0/16", 7));
  CHECK(lab.feed.counters().unknown_nexthop == 3);
  CHECK(lab.feed.counters().unknown_port == 1);
  CHECK(lab.has("10.4.0.0/16"));
  CHECK(lab.said.size() == 1);
  ByteString torn = tests::new_route("10.5.0.0/16", 0, {{"192.0.2.1", 3}});
  torn.resize(torn.size() - 3);
  CHECK_FALSE(lab.feed.apply(torn).sound);
  CHECK(lab.feed.counters().malformed == 1);
}

TEST_CASE("a route that comes before its next hop is set with it; what was there stays till then") {
  Lab lab;
  lab.feed.apply(tests::new_nexthop(1, {"192.0.2.1", 3}) + tests::new_route("10.1.0.0/16", 1) +
                 tests::new_route("10.2.0.0/16", 1));
  // As zebra says an update, in one frame.
  lab.feed.apply(tests::del_route("10.1.0.0/16") + tests::new_route("10.1.0.0/16", 2));
  lab.feed.apply(tests::del_route("10.2.0.0/16") + tests::new_route("10.2.0.0/16", 2));
  lab.feed.apply(tests::new_route("10.3.0.0/16", 2));
  CHECK(lab.target("10.1.0.0/16")->gateway.text() == "192.0.2.1");
  CHECK_FALSE(lab.has("10.3.0.0/16"));
  CHECK(lab.feed.counters().unknown_nexthop == 3);
  lab.feed.apply(tests::del_route("10.2.0.0/16"));
  CHECK_FALSE(lab.has("10.2.0.0/16"));
  lab.feed.apply(tests::new_nexthop(2, {"192.0.2.9", 3}));
  CHECK(lab.target("10.1.0.0/16")->gateway.text() == "192.0.2.9");
  CHECK(lab.has("10.3.0.0/16"));
  CHECK_FALSE(lab.has("10.2.0.0/16"));
  CHECK(lab.feed.counters().set_later == 2);
}

TEST_CASE("full tables refuse, and keep what they have") {
  Lab lab;
  for (int index = 0; index < 400; ++index) {
    lab.feed.apply(tests::new_route(
        "10." + std::to_string(index / 256) + "." + std::to_string(index % 256) + ".0/24", 0,
        {{"192.0.2.1", 3}}));
  }
  CHECK(lab.feed.counters().refused > 0);
  CHECK(lab.feed.counters().routes_set + lab.feed.counters().refused == 400);
  CHECK(lab.has("10.0.0.0/24"));
}

TEST_CASE("routes of the chassis and of other speakers are let alone") {
  Lab lab;
  tables::NextHop local;
  local.kind = NPU_NH_PUNT;
  const auto id = *lab.tables.intern(local);
  REQUIRE(lab.tables.set_route(*Prefix::parse("192.0.2.2/32"), id,
                               {2, 0, tables::RouteOwner::chassis}));
  lab.feed.apply(tests::new_route("192.0.2.2/32", 0, {{"192.0.2.1", 3}}) +
                 tests::new_route("10.1.0.0/16", 0, {{"192.0.2.1", 3}}, RTPROT_KERNEL));
  lab.feed.apply(tests::del_route("192.0.2.2/32"));
  CHECK(lab.target("192.0.2.2/32")->kind == NPU_NH_PUNT);
  CHECK_FALSE(lab.has("10.1.0.0/16"));
}

TEST_CASE("a daemon of a new life has next-hop ids of its own; its routes stay until it says so") {
  Lab lab;
  lab.feed.apply(tests::new_nexthop(1, {"192.0.2.1", 3}) + tests::new_route("10.1.0.0/16", 1));
  lab.feed.forget_nexthops();
  CHECK(lab.target("10.1.0.0/16")->gateway.text() == "192.0.2.1");
  lab.feed.apply(tests::new_route("10.2.0.0/16", 1));
  CHECK(lab.feed.counters().unknown_nexthop == 1);
}

}  // namespace
}  // namespace issu::fpm
