#include "state-sync/stale_table.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace issu::state_sync;

namespace {

constexpr std::uint8_t bgp = 186;
constexpr std::uint8_t by_kernel = 2;

Route route(const char* text, std::uint32_t metric = 20, std::uint32_t nexthop = 0) {
  return {Prefix::parse(text).value(), 0, bgp, metric, nexthop, false};
}

/// Two routes with the nexthop object 7, one with its own next hop, held.
StaleTable held_table() {
  StaleTable table;
  table.present(route("10.0.0.0/24", 20, 7), 1);
  table.present(route("10.0.1.0/24", 20, 7), 1);
  table.present(route("2001:db8::/48"), 1);
  table.hold(10);
  return table;
}

}  // namespace

TEST_CASE("hold marks everything, present refreshes once") {
  auto table = held_table();
  CHECK(table.counts().held == 3);
  CHECK(table.counts().stale == 3);
  table.present(route("10.0.0.0/24", 20, 8), 11);
  table.present(route("10.0.0.0/24", 20, 9), 12);
  CHECK(table.counts().refreshed == 1);
  CHECK(table.counts().stale == 2);
  CHECK(table.counts().added == 0);
  CHECK(table.changed_at() == 12);
  CHECK(table.size() == 3);
}

TEST_CASE("a second hold begins anew") {
  auto table = held_table();
  table.present(route("10.0.0.0/24", 20, 8), 11);
  table.removed(route("10.0.1.0/24"), 11);
  table.present(route("10.0.9.0/24"), 11);
  table.hold(20);
  CHECK(table.counts().held == 3);
  CHECK(table.counts().stale == 3);
  CHECK(table.counts().deleted == 0);
  table.present(route("10.0.1.0/24"), 21);
  CHECK(table.counts().added == 1);
}

TEST_CASE("a deletion counts, twice when it happens twice, and the sum holds") {
  auto table = held_table();
  table.removed(route("10.0.0.0/24"), 11);
  table.removed(route("10.0.0.0/24"), 11);
  CHECK(table.counts().deleted == 1);
  CHECK(table.counts().stale == 2);
  table.present(route("10.0.0.0/24"), 12);
  CHECK(table.counts().refreshed == 1);
  table.removed(route("10.0.0.0/24"), 13);
  CHECK(table.counts().deleted == 2);
  CHECK(table.counts().refreshed == 0);
  CHECK(table.size() == 2);
}

TEST_CASE("while routes are kept, one that comes back was not deleted, one that does not was") {
  auto table = held_table();
  table.removed(route("2001:db8::/48"), 11);  // before it
  table.keep();
  table.removed(route("10.0.0.0/24"), 12);
  table.removed(route("10.0.1.0/24"), 12);
  CHECK(table.counts().deleted == 1);
  table.present(route("10.0.0.0/24", 20, 8), 13);
  table.present(route("2001:db8::/48"), 13);
  table.end_keeping();
  table.end_keeping();
  CHECK(table.counts().deleted == 2);
  CHECK(table.counts().refreshed == 2);
  table.removed(route("10.0.0.0/24"), 14);
  CHECK(table.counts().deleted == 3);
  table.hold(20);
  table.keep();
  table.removed(route("2001:db8::/48"), 21);
  table.present(route("2001:db8::/48", 30), 22);  // by another route
  table.end_keeping();
  CHECK(table.counts().deleted == 0);
}

TEST_CASE("routes that were not held are added, and leave without a deletion") {
  auto table = held_table();
  table.present(route("10.5.0.0/24"), 11);
  table.present(route("10.5.0.0/24"), 11);
  CHECK(table.counts().added == 1);
  table.removed(route("10.5.0.0/24"), 12);
  CHECK(table.counts().added == 0);
  CHECK(table.counts().deleted == 0);
  table.removed(route("10.6.0.0/24"), 12);
  CHECK(table.counts().deleted == 0);
}

TEST_CASE("only routes of routing daemons count") {
  StaleTable table;
  Route connected = route("192.0.2.0/24", 0);
  connected.protocol = by_kernel;
  table.present(connected, 1);
  CHECK(table.size() == 0);
  for (const unsigned protocol : {11U, 12U, 42U, 186U, 187U, 188U, 189U, 192U, 196U}) {
    CHECK(is_daemon_protocol(static_cast<std::uint8_t>(protocol)));
  }
  for (const unsigned protocol : {0U, 1U, 2U, 3U, 4U, 9U, 16U, 18U, 200U}) {
    CHECK_FALSE(is_daemon_protocol(static_cast<std::uint8_t>(protocol)));
  }
}

TEST_CASE("a prefix that comes with another metric supersedes the held route") {
  auto table = held_table();
  table.present(route("10.0.0.0/24", 110), 11);
  CHECK(table.counts().added == 1);
  CHECK(table.counts().refreshed == 1);
  CHECK(table.counts().stale == 2);
  CHECK(table.to_sweep(route("10.0.0.0/24", 20)));
  CHECK_FALSE(table.to_sweep(route("10.0.0.0/24", 110)));
  CHECK(table.unconfirmed(10, false).size() == 2);
  CHECK(table.unconfirmed(10, true).size() == 3);
  SUBCASE("its sweep is counted") {
    table.swept(route("10.0.0.0/24", 20));
    CHECK(table.counts().swept == 1);
    CHECK(table.counts().refreshed == 0);
  }
  SUBCASE("when its own daemon takes it away, its prefix never left") {
    table.removed(route("10.0.0.0/24", 20), 12);
    CHECK(table.counts().deleted == 0);
  }
}

TEST_CASE("a removed nexthop object takes its routes with it") {
  auto table = held_table();
  table.nexthop_removed(99, 11);
  CHECK(table.counts().deleted == 0);
  table.present(route("10.0.0.0/24", 20, 8), 11);
  table.nexthop_removed(7, 12);
  CHECK(table.counts().deleted == 1);
  CHECK(table.counts().refreshed == 1);
  CHECK(table.counts().stale == 1);
  table.nexthop_removed(7, 13);
  CHECK(table.counts().deleted == 1);
  table.nexthop_removed(8, 14);
  CHECK(table.counts().deleted == 2);
}

TEST_CASE("refresh by prefix") {
  auto table = held_table();
  table.refresh(Prefix::parse("10.0.1.0/24").value());
  table.refresh(Prefix::parse("10.0.1.0/24").value());
  table.refresh(Prefix::parse("10.0.1.0/25").value());
  CHECK(table.counts().refreshed == 1);
  CHECK_FALSE(table.to_sweep(route("10.0.1.0/24")));
  CHECK(table.to_sweep(route("10.0.0.0/24")));
}

TEST_CASE("a list takes back what was seen before it, and counts alone until more is seen") {
  auto table = held_table();
  table.present(route("10.0.0.0/24", 20, 8), 11);
  table.present(route("10.0.1.0/24", 20, 8), 11);
  table.doubt_all();
  CHECK(table.counts().stale == 3);
  CHECK(table.counts().refreshed == 0);
  table.refresh(Prefix::parse("10.0.0.0/24").value());
  CHECK(table.counts().stale == 2);
  table.present(route("10.0.1.0/24", 20, 9), 12);
  CHECK(table.counts().stale == 1);
  CHECK(table.counts().refreshed == 2);
  CHECK(table.unconfirmed(10, false).size() == 1);
}

TEST_CASE("a sweep is no deletion") {
  auto table = held_table();
  table.swept(route("10.0.1.0/24"));
  table.swept(route("10.0.1.0/24"));
  CHECK(table.counts().swept == 1);
  CHECK(table.counts().deleted == 0);
  CHECK(table.counts().stale == 2);
  CHECK_FALSE(table.to_sweep(route("10.0.1.0/24")));
}

TEST_CASE("a scan finds what left without a word") {
  auto table = held_table();
  table.begin_scan();
  table.scanned(route("10.0.0.0/24", 20, 7), 11);
  table.scanned(route("2001:db8::/48"), 11);
  CHECK(table.end_scan(12) == 1);
  CHECK(table.counts().deleted == 1);
  CHECK(table.size() == 2);
}

TEST_CASE("during a scan the notifications are believed") {
  auto table = held_table();
  table.begin_scan();
  SUBCASE("the scan tells of a route from before its deletion") {
    table.removed(route("10.0.0.0/24"), 11);
    table.removed(route("10.7.0.0/24"), 11);
    table.scanned(route("10.0.0.0/24", 20, 7), 11);
    table.scanned(route("10.7.0.0/24"), 11);
    table.scanned(route("10.0.1.0/24", 20, 7), 11);
    table.scanned(route("2001:db8::/48"), 11);
    table.end_scan(12);
    CHECK(table.size() == 2);
    CHECK(table.counts().deleted == 1);
    CHECK(table.counts().added == 0);
  }
  SUBCASE("a route comes behind the scan's place") {
    table.present(route("10.7.0.0/24"), 11);
    table.scanned(route("10.0.0.0/24", 20, 7), 11);
    table.scanned(route("10.0.1.0/24", 20, 7), 11);
    table.scanned(route("2001:db8::/48"), 11);
    CHECK(table.end_scan(12) == 0);
    CHECK(table.size() == 4);
    CHECK(table.counts().added == 1);
  }
}

TEST_CASE("a scan makes up for notifications that were lost") {
  auto table = held_table();
  table.begin_scan();
  table.scanned(route("10.0.0.0/24", 20, 8), 11);
  table.scanned(route("10.0.1.0/24", 20, 7), 11);
  table.scanned(route("10.8.0.0/24"), 11);
  table.scanned(route("2001:db8::/48"), 11);
  CHECK(table.end_scan(12) == 0);
  CHECK(table.counts().refreshed == 1);
  CHECK(table.counts().added == 1);
  CHECK(table.counts().stale == 2);
}

TEST_CASE("one next hop that leaves an IPv6 route is told like the route's end") {
  StaleTable table;
  Route two = route("2001:db8:1::/48");
  two.multipath = true;
  table.present(two, 1);
  table.hold(2);
  Route one = two;
  one.multipath = false;
  table.removed(one, 3);
  CHECK(table.in_doubt());
  table.begin_scan();
  table.scanned(one, 4);
  table.end_scan(4);
  CHECK_FALSE(table.in_doubt());
  CHECK(table.counts().deleted == 0);
  CHECK(table.counts().stale == 1);
  CHECK(table.size() == 1);
}

TEST_CASE("many routes come, go and come again; the table stays right and bounded") {
  StaleTable table;
  const Prefix first = Prefix::parse("10.0.0.0/28").value();
  const auto nth = [&](std::uint64_t n) {
    Route made = route("10.0.0.0/28", 20, 1 + static_cast<std::uint32_t>(n % 3));
    made.prefix = nth_after(first, n);
    return made;
  };
  constexpr std::uint64_t many = 100'000;
  for (std::uint64_t n = 0; n < many; ++n) {
    table.present(nth(n), 1);
  }
  CHECK(table.size() == many);
  table.hold(2);
  for (std::uint64_t n = 0; n < many; n += 2) {
    table.present(nth(n), 3);
  }
  for (std::uint64_t n = 1; n < many; n += 4) {
    table.removed(nth(n), 3);
  }
  CHECK(table.counts().refreshed == many / 2);
  CHECK(table.counts().deleted == many / 4);
  CHECK(table.counts().stale == many / 4);
  const auto left = table.unconfirmed(many, true);
  CHECK(left.size() == many / 4);
  for (const Route& one : left) {
    table.swept(one);
  }
  CHECK(table.counts().swept == many / 4);
  CHECK(table.counts().stale == 0);
  CHECK(table.size() == many / 2);
}
