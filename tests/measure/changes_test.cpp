#include <doctest/doctest.h>
#include "tests/measure/looks.hpp"

using namespace issu;
using namespace issu::measure;
using namespace issu::measure::testing;

TEST_CASE("what a peer saw comes with its times") {
  SessionTrack track = started();
  track.look(up(100 * ms, "one", {100, 130, 0}));
  track.look(up(200 * ms, "one", {95, 130, 5}));
  track.news(SessionNews::held, 250 * ms);
  track.news(SessionNews::up, 700 * ms);
  track.news(SessionNews::refreshed, 900 * ms);
  const SessionResult result = track.finish(1000 * ms);
  CHECK(result.routes_updated == 30);
  CHECK(result.routes_withdrawn == 5);
  std::vector<std::string> seen;
  for (const SessionChange& change : result.changes) {
    seen.push_back(std::to_string(change.at / ms) + " " + change.what + " " +
                   std::to_string(change.routes));
  }
  CHECK(seen == std::vector<std::string>{"100 updates 30", "200 withdrawals 5", "250 down 0",
                                         "250 held 0", "700 up 0", "900 end-of-rib 0"});
}

TEST_CASE("changes before counting began are none of it, and their list is bounded") {
  SessionTrack track("peer", "rt1");
  track.look(up(0, "one", {100, 100, 0}));
  track.look(up(1, "one", {100, 150, 0}));
  track.begin_counting();
  CHECK(track.finish(2).changes.empty());
  for (std::uint64_t i = 1; i <= 2000; ++i) {
    track.look(up(static_cast<MonoNs>(i) * ms, "one", {100, 150 + i, 0}));
  }
  const SessionResult result = track.finish(3000 * ms);
  CHECK(result.changes.size() == 1000);
  CHECK(result.routes_updated == 2000);
}

TEST_CASE("a daemon's time of an up that lies before the down or in the future is not taken") {
  for (const MonoNs since : {-3'600'000 * ms, 3'600'000 * ms}) {
    SessionTrack track = started();
    track.look(down(500 * ms));
    SessionLook back = up(900 * ms, "two", {100, 100, 0});
    back.since = since;
    track.look(back);
    const SessionResult result = track.finish(1000 * ms);
    REQUIRE(result.downs.size() == 1);
    CHECK(result.downs[0].up >= result.downs[0].down);
    CHECK(result.downs[0].up <= 900 * ms);
  }
}
