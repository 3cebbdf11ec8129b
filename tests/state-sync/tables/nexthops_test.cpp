#include <doctest/doctest.h>

#include <map>

#include "state-sync/tables/spread.hpp"
#include "tests/state-sync/tables/tables_lab.hpp"

using namespace issu::tables;
using namespace issu::tables::tests;

namespace {

std::map<NextHopId, int> taken(const Lab& lab, NextHopId group, int flows) {
  std::map<NextHopId, int> count;
  for (int i = 0; i < flows; ++i) {
    npu_flow flow{};
    flow.source[0] = static_cast<npu_u64>(i) << 16U;
    flow.destination[0] = 0x0a000001;
    flow.ports = 0x01bb0000U + static_cast<npu_u32>(i);
    flow.protocol = 6;
    ++count[npu_group_choose(&lab.segment.view(), npu_nexthop_at(&lab.segment.view(), group),
                             npu_flow_hash(&flow))];
  }
  return count;
}

}  // namespace

TEST_CASE("Equal next hops are one, until nobody refers to it") {
  Lab lab;
  const NextHopId a = lab.gateway(1);
  CHECK(lab.gateway(1) == a);
  CHECK(lab.gateway(2) != a);
  NextHop connected;
  connected.kind = NPU_NH_CONNECTED;
  connected.port = 1;
  CHECK(lab.writer.intern(connected).value() != a);
  CHECK(lab.writer.nexthop(a)->gateway.text() == "192.0.2.1");
  CHECK(lab.writer.nexthop_count() == 3);
  REQUIRE(lab.set("10.0.0.0/8", a));
  CHECK(lab.writer.drop(a));
  CHECK(lab.writer.drop(a));  // the route still refers to it
  CHECK(lab.writer.nexthop(a).has_value());
  CHECK(lab.remove("10.0.0.0/8"));
  CHECK_FALSE(lab.writer.nexthop(a).has_value());
  CHECK_FALSE(lab.writer.drop(a));
}

TEST_CASE("An id is not given out again for a second") {
  Lab lab;
  const NextHopId a = lab.gateway(1);
  REQUIRE(lab.writer.drop(a));
  CHECK(lab.gateway(2) != a);
  *lab.clock += 999'000'000;
  CHECK(lab.gateway(3) != a);
  *lab.clock += 2'000'000;
  CHECK(lab.gateway(4) == a);
}

TEST_CASE("Next hops that can't be are refused") {
  Lab lab;
  NextHop odd;
  odd.kind = NPU_NH_GROUP;
  CHECK_FALSE(lab.writer.intern(odd));
  odd.kind = NPU_NH_FORWARD;
  odd.port = 16;
  CHECK_FALSE(lab.writer.intern(odd));
  CHECK_FALSE(lab.writer.intern_group({}));
  const GroupMember nobody[] = {{200, 1}};
  CHECK_FALSE(lab.writer.intern_group(nobody));
}

TEST_CASE("A group spreads flows by weight; equal groups are one") {
  Lab lab;
  const NextHopId a = lab.gateway(1);
  const NextHopId b = lab.gateway(2);
  const GroupMember members[] = {{a, 3}, {b, 1}};
  const GroupMember turned[] = {{b, 1}, {a, 3}};
  const NextHopId group = lab.writer.intern_group(members).value();
  CHECK(lab.writer.intern_group(turned).value() == group);
  REQUIRE(lab.set("10.0.0.0/8", group));
  CHECK(lab.lookup("10.0.0.1") == group);
  const auto count = taken(lab, group, 40000);
  CHECK(count.size() == 2);
  CHECK(count.at(a) == doctest::Approx(30000).epsilon(0.05));
  CHECK(lab.writer.members(group).size() == 2);
  // A group keeps its members.
  CHECK(lab.writer.drop(a));
  CHECK(lab.writer.nexthop(a).has_value());
  CHECK(lab.remove("10.0.0.0/8"));
  CHECK(lab.writer.drop(group));
  CHECK(lab.writer.drop(group));
  CHECK_FALSE(lab.writer.nexthop(a).has_value());
}

TEST_CASE("One member is no group") {
  Lab lab;
  const NextHopId a = lab.gateway(1);
  const GroupMember one[] = {{a, 5}};
  CHECK(lab.writer.intern_group(one).value() == a);
}

TEST_CASE("A resilient group moves only the flows of the member that left") {
  Lab lab;
  const NextHopId a = lab.gateway(1);
  const NextHopId b = lab.gateway(2);
  const NextHopId c = lab.gateway(3);
  const GroupMember all[] = {{a, 1}, {b, 1}, {c, 1}};
  const GroupMember fewer[] = {{a, 1}, {c, 1}};
  GroupOptions options;
  options.resilient = true;
  const NextHopId group = lab.writer.create_group(all, options).value();
  const auto entry = *npu_nexthop_at(&lab.segment.view(), group);
  const std::vector<std::uint32_t> before(
      lab.segment.view().buckets + entry.first_bucket,
      lab.segment.view().buckets + entry.first_bucket + entry.bucket_count);
  CHECK(before.size() == 128);
  REQUIRE(lab.writer.change_group(group, fewer));
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto now = lab.segment.view().buckets[entry.first_bucket + i];
    CHECK(now == (before[i] == b ? now : before[i]));
    CHECK(now != b);
  }
  const auto count = taken(lab, group, 20000);
  CHECK(count.at(a) == doctest::Approx(10000).epsilon(0.1));
  // b is nobody's any more but the caller's.
  REQUIRE(lab.writer.drop(b));
  CHECK_FALSE(lab.writer.nexthop(b).has_value());
}

TEST_CASE("An interned group can't be changed: others may share it") {
  Lab lab;
  const GroupMember members[] = {{lab.gateway(1), 1}, {lab.gateway(2), 1}};
  const NextHopId group = lab.writer.intern_group(members).value();
  CHECK_FALSE(lab.writer.change_group(group, members));
}

TEST_CASE("Spread: whole buckets, as even as can be") {
  const GroupMember members[] = {{1, 1}, {2, 1}, {3, 1}};
  const auto buckets = spread(members, 8, {});
  CHECK(buckets == std::vector<std::uint32_t>{1, 1, 1, 2, 2, 2, 3, 3});
  const GroupMember more[] = {{1, 1}, {2, 1}, {3, 1}, {4, 1}};
  const auto after = spread(more, 8, buckets);
  CHECK(after == std::vector<std::uint32_t>{1, 1, 4, 2, 2, 4, 3, 3});
}
