#include <doctest/doctest.h>

#include "issu/measure/log_tail.hpp"
#include "issu/measure/up_times.hpp"
#include "tests/measure/looks.hpp"

using namespace issu;
using namespace issu::measure;
using namespace issu::measure::testing;

TEST_CASE("a session that stays up") {
  SessionTrack track = started();
  track.look(up(100 * ms, "one", {100, 120, 0}));
  const SessionResult result = track.finish(200 * ms);
  CHECK(result.measured);
  CHECK_FALSE(result.went_down);
  CHECK(result.down_ms == 0);
  CHECK(result.routes_withdrawn == 0);
  CHECK_FALSE(result.graceful_restart);
  CHECK(result.routes_before == 100);
  CHECK(result.routes_min == 100);
}

TEST_CASE("live, a down that goes on is as long as was seen; the longest stays") {
  SessionTrack track = started();
  track.look(up(100 * ms, "one", {100, 100, 0}));
  CHECK(track.live().longest_down_ms == 0);
  track.news(SessionNews::down, 150 * ms);
  track.look(held(300 * ms, {100, 100, 0}));
  CHECK(track.live().longest_down_ms == doctest::Approx(150));
  track.news(SessionNews::up, 700 * ms);
  track.look(up(800 * ms, "two", {100, 100, 0}));
  track.news(SessionNews::down, 900 * ms);
  track.look(held(1000 * ms, {100, 100, 0}));
  CHECK(track.live().longest_down_ms == doctest::Approx(550));
}

TEST_CASE("graceful restart: down, held, up, nothing withdrawn") {
  SessionTrack track = started();
  track.look(held(1000 * ms, {100, 100, 0}));
  track.look(up(2000 * ms, "two", {100, 200, 0}));
  const SessionResult result = track.finish(3000 * ms);
  CHECK(result.measured);
  CHECK(result.went_down);
  CHECK(result.graceful_restart == true);
  CHECK(result.routes_withdrawn == 0);
  CHECK(result.established_after);
  // From the last look that saw it up to the first that did again.
  CHECK(result.down_ms == 2000);
}

TEST_CASE("graceful restart: routes that did not come again are withdrawn") {
  SessionTrack track = started();
  track.look(held(1000 * ms, {100, 100, 0}));
  track.look(up(2000 * ms, "two", {100, 150, 0}));
  track.look(up(3000 * ms, "two", {50, 150, 50}));
  const SessionResult result = track.finish(3000 * ms);
  CHECK(result.routes_withdrawn == 50);
  CHECK(result.routes_min == 50);
  CHECK(result.routes_after == 50);
}

TEST_CASE("without graceful restart all routes are withdrawn") {
  SessionTrack track = started();
  track.look(down(1000 * ms));
  track.look(up(2000 * ms, "two", {100, 100, 0}));
  const SessionResult result = track.finish(3000 * ms);
  CHECK(result.measured);
  CHECK(result.graceful_restart == false);
  CHECK(result.routes_withdrawn == 100);
  CHECK(result.routes_min == 0);
}

TEST_CASE("exact times come from the daemon or its log") {
  SessionTrack track = started();
  track.look(up(900 * ms, "one", {100, 100, 0}));
  track.news(SessionNews::held, 950 * ms);
  track.news(SessionNews::down, 950 * ms);
  track.look(held(1000 * ms, {100, 100, 0}));
  SessionLook back = up(1100 * ms, "two", {100, 100, 0});
  back.since = 1050 * ms;
  track.look(back);
  track.news(SessionNews::refreshed, 1070 * ms);
  const SessionResult result = track.finish(3000 * ms);
  REQUIRE(result.downs.size() == 1);
  CHECK(result.downs[0].down == 950 * ms);
  CHECK(result.downs[0].up == 1050 * ms);
  CHECK(result.end_of_rib == true);
}

TEST_CASE("down and up between two looks: the log knows whether the routes were held") {
  SUBCASE("with the log") {
    SessionTrack track = started();
    track.news(SessionNews::held, 10 * ms);
    track.news(SessionNews::up, 50 * ms);
    track.look(up(100 * ms, "two", {100, 100, 0}));
    const SessionResult result = track.finish(200 * ms);
    CHECK(result.measured);
    CHECK(result.down_ms == 40);
    CHECK(result.graceful_restart == true);
    CHECK(result.routes_withdrawn == 0);
  }
  SUBCASE("without it the session is not measured") {
    SessionTrack track = started();
    track.look(up(100 * ms, "two", {100, 100, 0}));
    const SessionResult result = track.finish(200 * ms);
    CHECK(result.went_down);
    CHECK_FALSE(result.measured);
    CHECK(result.why_not.find("log") != std::string::npos);
  }
}

TEST_CASE("one coming up is told apart from the next, whatever the peer's clocks do") {
  UpTimes times;
  const auto first = times.incarnation(0);
  SUBCASE("the same moment, told by a busy machine") {
    for (const MonoNs told : {-150, 230, -30, 0, 300}) {
      CHECK(times.incarnation(told * ms) == first);
    }
  }
  SUBCASE("a clock that is being corrected for hours") {
    for (MonoNs told = 0; told < 5000; told += 100) {
      CHECK(times.incarnation(told * ms) == first);
    }
  }
  SUBCASE("down and up again") {
    const auto second = times.incarnation(900 * ms);
    CHECK(second != first);
    CHECK(times.incarnation(901 * ms) == second);
  }
}

TEST_CASE("down and up between two looks: a daemon that says afterwards whether it held routes") {
  for (const bool kept : {true, false}) {
    CAPTURE(kept);
    SessionTrack track("peer", "10.9.0.1");
    SessionLook before = up(0, "1", {100, 0, 0});
    before.counters_exact = false;
    track.look(before);
    track.begin_counting();
    SessionLook after = before;
    after.at = 100 * ms;
    after.incarnation = "2";
    after.last_down_held = kept;
    track.look(after);
    const SessionResult result = track.finish(200 * ms);
    CHECK(result.measured);
    CHECK(result.went_down);
    CHECK(result.down_ms == 100);
    CHECK(result.graceful_restart == kept);
    CHECK(result.routes_withdrawn == (kept ? 0 : 100));
  }
}

TEST_CASE("a peer that can't be asked is not measured") {
  SessionTrack never("peer", "rt1");
  never.begin_counting();
  never.no_answer(10 * ms, "no socket");
  CHECK(never.finish(20 * ms).why_not == "the peer never answered: no socket");

  SessionTrack late = started();
  late.no_answer(10 * ms, "gone");
  CHECK_FALSE(late.finish(20 * ms).measured);

  SessionTrack slept = started();
  slept.no_answer(10 * ms, "busy");
  slept.no_answer(15'000 * ms, "busy");
  slept.look(up(16'000 * ms, "one", {100, 100, 0}));
  CHECK_FALSE(slept.finish(17'000 * ms).measured);

  SessionTrack absent("peer", "rt1");
  absent.look(down(0));
  absent.begin_counting();
  CHECK_FALSE(absent.finish(10 * ms).measured);
}

TEST_CASE("BIRD's log lines") {
  const auto closed = parse_bird_log("2026-11-23 13:32:32.066 <TRACE> rt1: BGP session closed");
  REQUIRE(closed);
  CHECK(closed->session == "rt1");
  CHECK(closed->news == SessionNews::down);
  const auto opened =
      parse_bird_log("2026-11-23 13:32:33.451 <TRACE> rt1: BGP session established");
  REQUIRE(opened);
  CHECK(opened->wall_ns - closed->wall_ns == 1'385'000'000);
  const auto kept =
      parse_bird_log("2026-11-23 13:32:32.066 <TRACE> rt1: Neighbor graceful restart detected");
  REQUIRE(kept);
  CHECK(kept->news == SessionNews::held);
  CHECK_FALSE(parse_bird_log("2026-11-23 13:31:36.241 <INFO> Started"));
  CHECK_FALSE(parse_bird_log("2026-11-23 13:31:36.241 <TRACE> rt1: Starting"));
  CHECK_FALSE(parse_bird_log("nonsense"));
  CHECK_FALSE(parse_local_time("2026-11-23 13:31:36"));
  CHECK_FALSE(parse_local_time("13:31:36.241"));
}

TEST_CASE("whole seconds of being up tell another coming up by falling") {
  measure::UpFor up;
  const auto first = up.incarnation(18);
  CHECK(up.incarnation(18) == first);
  CHECK(up.incarnation(19) == first);
  CHECK(up.incarnation(0) != first);
}

TEST_CASE("BIRD's log: an OSPF neighbour comes to Full and leaves it") {
  const auto up = measure::parse_bird_log(
      "2026-11-26 22:19:21.576 <TRACE> ospf4: Neighbor 192.0.2.1 on router changed state from "
      "Loading to Full");
  REQUIRE(up);
  CHECK(up->session == "ospf4 192.0.2.1");
  CHECK(up->news == measure::SessionNews::up);
  const auto down = measure::parse_bird_log(
      "2026-11-26 22:19:31.576 <TRACE> ospf4: Neighbor 192.0.2.1 on router changed state from Full "
      "to Down");
  REQUIRE(down);
  CHECK(down->news == measure::SessionNews::down);
  CHECK_FALSE(measure::parse_bird_log(
      "2026-11-26 22:19:13.055 <TRACE> ospf4: Neighbor 192.0.2.1 on router changed state from Init "
      "to 2-Way"));
}
