// Tables that are full refuse what does not fit, stay as they are, and take it once there is room.

#include <doctest/doctest.h>

#include "tests/state-sync/tables/tables_lab.hpp"

using namespace issu::tables;
using namespace issu::tables::tests;
using issu::state_sync::nth_after;

namespace {

Capacities tiny() {
  Capacities made = small_capacities();
  made.tbl8_groups = 4;
  made.nodes6 = 16;
  made.routes = 64;
  made.nexthops = 8;
  made.buckets = 32;
  return made;
}

/// Sets routes one after the other until one is refused; how many were taken.
std::uint64_t fill(Lab& lab, const Prefix& first, NextHopId id) {
  std::uint64_t taken = 0;
  while (lab.writer.set_route(nth_after(first, taken), id, {})) {
    ++taken;
  }
  return taken;
}

}  // namespace

TEST_CASE("Routes") {
  Lab lab(tiny());
  const NextHopId a = lab.gateway(1);
  const NextHopId b = lab.gateway(2);
  const Prefix first = Prefix::parse("10.0.0.0/24").value();
  CHECK(fill(lab, first, a) == 56);
  CHECK(lab.lookup("10.0.55.1") == a);
  CHECK(lab.lookup("10.0.56.1") == 0);
  CHECK(lab.writer.counts().all == 56);
  CHECK(lab.set("10.0.3.0/24", b));  // one that is there can be changed
  CHECK(lab.remove("10.0.7.0/24"));
  CHECK(lab.set("10.0.56.0/24", a));
  CHECK(lab.lookup("10.0.56.1") == a);
}

TEST_CASE("Groups for long IPv4 prefixes; they come back after a second") {
  Lab lab(tiny());
  const NextHopId a = lab.gateway(1);
  for (const char* prefix : {"10.0.0.0/25", "10.0.1.0/32", "10.0.2.0/26", "10.0.3.0/31"}) {
    REQUIRE(lab.set(prefix, a));
  }
  REQUIRE(lab.set("10.0.3.4/31", a));
  const auto refused = lab.set("10.0.4.0/25", a);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("longer than /24") != std::string::npos);
  CHECK(lab.lookup("10.0.4.1") == 0);
  CHECK_FALSE(lab.writer.find(Prefix::parse("10.0.4.0/25").value()).has_value());
  CHECK(lab.remove("10.0.1.0/32"));
  CHECK_FALSE(lab.set("10.0.4.0/25", a));
  *lab.clock += 1'000'000'000;
  CHECK(lab.set("10.0.4.0/25", a));
  CHECK(lab.lookup("10.0.4.1") == a);
  CHECK(lab.lookup("10.0.1.0") == 0);
}

TEST_CASE("Nodes for IPv6 prefixes: all that a route needs, or none") {
  Lab lab(tiny());
  const NextHopId a = lab.gateway(1);
  REQUIRE(lab.set("2001:db8::1/128", a));  // 13 nodes
  CHECK_FALSE(lab.set("3001:db8::1/128", a));
  CHECK(lab.set("3001:db8::/48", a));  // 3 nodes
  CHECK_FALSE(lab.set("3002:db8::/32", a));
  CHECK(lab.remove("2001:db8::1/128"));
  *lab.clock += 1'000'000'000;
  CHECK(lab.set("3001:db8::1/128", a));
  CHECK(lab.lookup("3001:db8::1") == a);
  CHECK(lab.lookup("3001:db8::2") == a);
  CHECK(lab.lookup("2001:db8::1") == 0);
}

TEST_CASE("Next hops and buckets") {
  Lab lab(tiny());
  for (std::uint8_t i = 1; i < 7; ++i) {
    lab.gateway(i);
  }
  GroupOptions options;
  options.buckets = 64;
  const GroupMember members[] = {{1, 1}, {2, 1}};
  CHECK_FALSE(lab.writer.create_group(members, options));
  options.buckets = 32;
  CHECK(lab.writer.create_group(members, options));
  NextHop one_more;
  one_more.gateway.bytes = {192, 0, 2, 99};
  const auto refused = lab.writer.intern(one_more);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("full") != std::string::npos);
}
