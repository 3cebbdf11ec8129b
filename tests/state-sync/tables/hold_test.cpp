#include <doctest/doctest.h>

#include "tests/state-sync/tables/tables_lab.hpp"

using namespace issu::tables;
using namespace issu::tables::tests;

namespace {

struct HoldLab : Lab {
  HoldLab() {
    a = gateway(1);
    b = gateway(2);
    REQUIRE(set("10.0.0.0/8", a));
    REQUIRE(set("10.1.0.0/16", a));
    REQUIRE(set("2001:db8::/32", a));
    REQUIRE(
        writer.set_route(Prefix::parse("192.0.2.0/24").value(), a, {2, 0, RouteOwner::chassis}));
    REQUIRE(writer.hold(5));
  }
  NextHopId a = 0;
  NextHopId b = 0;
};

std::vector<Prefix> prefixes(std::initializer_list<const char*> texts) {
  std::vector<Prefix> made;
  for (const char* text : texts) {
    made.push_back(Prefix::parse(text).value());
  }
  return made;
}

}  // namespace

TEST_CASE("Hold marks every daemon route, and forwarding goes on") {
  HoldLab lab;
  const HoldState state = lab.writer.hold_state();
  CHECK(state.epoch == 5);
  CHECK(state.holding);
  CHECK(state.complete);
  CHECK(state.held == 3);
  CHECK(state.stale == 3);
  CHECK(state.refreshed == 0);
  CHECK(state.changed_at == 0);
  CHECK(lab.lookup("10.1.0.1") == lab.a);
  CHECK(lab.writer.find(Prefix::parse("10.0.0.0/8").value())->stale);
  CHECK_FALSE(lab.writer.find(Prefix::parse("192.0.2.0/24").value())->held);
}

TEST_CASE("What is said again is refreshed; the rest is swept") {
  HoldLab lab;
  REQUIRE(lab.set("10.0.0.0/8", lab.a));   // as it was
  REQUIRE(lab.set("10.1.0.0/16", lab.b));  // by another way
  REQUIRE(lab.set("10.1.0.0/16", lab.b));  // said twice counts once
  REQUIRE(lab.set("10.2.0.0/16", lab.b));  // new
  HoldState state = lab.writer.hold_state();
  CHECK(state.refreshed == 2);
  CHECK(state.added == 1);
  CHECK(state.stale == 1);
  CHECK(state.changed_at == *lab.clock);
  CHECK(lab.writer.stale_sample(10) == prefixes({"2001:db8::/32"}));
  state = lab.writer.sweep(5).value();
  CHECK(state.swept == 1);
  CHECK(state.stale == 0);
  CHECK(state.deleted == 0);
  CHECK(lab.lookup("2001:db8::1") == 0);
  CHECK(lab.lookup("10.1.0.1") == lab.b);
  CHECK(lab.lookup("192.0.2.1") == lab.a);
  CHECK(lab.writer.sweep(5).value().swept == 1);
}

TEST_CASE("A sweep uncovers the routes that stay below and around") {
  HoldLab lab;  // 10.0.0.0/8 and 10.1.0.0/16 are held and not said again
  REQUIRE(lab.writer.set_route(Prefix::parse("10.0.0.0/12").value(), lab.b,
                               {2, 0, RouteOwner::chassis}));
  REQUIRE(lab.set("10.1.2.0/24", lab.b));
  REQUIRE(lab.set("10.1.2.128/25", lab.b));
  REQUIRE(lab.set("10.1.2.129/32", lab.b));
  REQUIRE(lab.writer.hold(6));
  REQUIRE(lab.set("10.1.2.128/25", lab.a));
  CHECK(lab.writer.sweep(6).value().swept == 5);
  CHECK(lab.writer.counts().all == 3);
  CHECK(lab.lookup("10.200.0.1") == 0);
  CHECK(lab.lookup("10.1.200.1") == lab.b);
  CHECK(lab.lookup("10.1.2.1") == lab.b);
  CHECK(lab.lookup("10.1.2.129") == lab.a);
  CHECK(lab.lookup("10.2.0.1") == lab.b);
  CHECK(lab.lookup("2001:db8::1") == 0);
}

TEST_CASE("Held routes that leave are counted") {
  HoldLab lab;
  CHECK(lab.remove("10.1.0.0/16"));
  REQUIRE(lab.set("10.7.0.0/16", lab.b));
  CHECK(lab.remove("10.7.0.0/16"));  // was not held
  const HoldState state = lab.writer.hold_state();
  CHECK(state.deleted == 1);
  CHECK(state.stale == 2);
  CHECK(state.held == 3);
}

TEST_CASE("Held routes that are kept become stale when they are taken out, and are swept") {
  HoldLab lab;
  CHECK_FALSE(lab.writer.keep(4));
  REQUIRE(lab.set("10.0.0.0/8", lab.a));
  REQUIRE(lab.writer.keep(5));
  CHECK(lab.remove("10.0.0.0/8"));
  CHECK(lab.remove("10.1.0.0/16"));
  HoldState state = lab.writer.hold_state();
  CHECK(state.deleted == 0);
  CHECK(state.refreshed == 0);
  CHECK(state.stale == 3);
  CHECK(lab.lookup("10.1.0.1") == lab.a);
  REQUIRE(lab.set("10.1.0.0/16", lab.b));
  REQUIRE(lab.set("10.7.0.0/16", lab.b));
  CHECK(lab.remove("10.7.0.0/16"));  // was not held
  CHECK(lab.lookup("10.7.0.1") == lab.a);
  REQUIRE(lab.writer.sweep(5));
  CHECK(lab.lookup("10.1.0.1") == lab.b);
  CHECK(lab.lookup("10.2.0.1") == 0);
  CHECK(lab.remove("10.1.0.0/16"));  // not kept any more
  CHECK(lab.writer.hold_state().deleted == 1);
}

TEST_CASE("A list takes back what was seen until then") {
  HoldLab lab;
  REQUIRE(lab.set("10.0.0.0/8", lab.a));
  REQUIRE(lab.set("10.9.0.0/16", lab.a));
  REQUIRE(lab.writer.refresh(5, prefixes({"10.1.0.0/16", "10.1.0.0/16", "203.0.113.0/24"})));
  HoldState state = lab.writer.hold_state();
  CHECK(state.refreshed == 1);
  CHECK(state.stale == 2);
  REQUIRE(lab.set("10.0.0.0/8", lab.a));  // what comes afterwards counts again
  state = lab.writer.sweep(5).value();
  CHECK(state.swept == 1);
  CHECK(lab.lookup("10.9.0.1") == lab.a);  // not held, so not swept
  CHECK(lab.lookup("2001:db8::1") == 0);
}

TEST_CASE("Only the newest epoch is heard") {
  HoldLab lab;
  REQUIRE(lab.set("10.0.0.0/8", lab.a));
  CHECK(lab.writer.hold(5));
  CHECK(lab.writer.hold_state().refreshed == 1);  // the same epoch again changes nothing
  CHECK_FALSE(lab.writer.hold(4));
  CHECK_FALSE(lab.writer.hold(0));
  CHECK_FALSE(lab.writer.sweep(4));
  CHECK_FALSE(lab.writer.refresh(6, {}));
  REQUIRE(lab.writer.hold(6));
  CHECK(lab.writer.hold_state().stale == 3);
  CHECK_FALSE(lab.writer.sweep(5));
  CHECK(lab.writer.release_hold().value().holding);
  CHECK_FALSE(lab.writer.hold_state().holding);
  CHECK_FALSE(lab.writer.sweep(6));
  CHECK(lab.writer.counts().all == 4);
}

TEST_CASE("A hold is found again by the next writer") {
  HoldLab lab;
  REQUIRE(lab.set("10.0.0.0/8", lab.a));
  REQUIRE(lab.set("10.3.0.0/16", lab.a));
  CHECK(lab.remove("10.1.0.0/16"));
  const HoldState before = lab.writer.hold_state();
  lab.writer.release();
  auto next = Writer::open(lab.segment, lab.options());
  REQUIRE(next);
  const HoldState after = next->hold_state();
  CHECK(after.epoch == before.epoch);
  CHECK(after.holding);
  CHECK(after.complete);
  CHECK(after.held == before.held);
  CHECK(after.refreshed == before.refreshed);
  CHECK(after.stale == before.stale);
  CHECK(after.added == before.added);
  CHECK(after.deleted == before.deleted);
  CHECK(next->sweep(5).value().swept == 1);
}

TEST_CASE("Marks stay right when their numbers are used up") {
  HoldLab lab;
  for (std::uint64_t epoch = 6; epoch < 6 + 70000; ++epoch) {
    REQUIRE(lab.writer.hold(epoch));
  }
  for (int i = 0; i < 70000; ++i) {
    REQUIRE(lab.writer.refresh(70005, prefixes({"10.0.0.0/8"})));
  }
  REQUIRE(lab.set("10.4.0.0/16", lab.a));
  const HoldState state = lab.writer.hold_state();
  CHECK(state.held == 3);
  CHECK(state.refreshed == 1);
  CHECK(state.stale == 2);
  CHECK(state.complete);
  CHECK(lab.writer.sweep(70005).value().swept == 2);
  CHECK(lab.lookup("10.0.0.1") == lab.a);
  CHECK(lab.lookup("10.4.0.1") == lab.a);
}
