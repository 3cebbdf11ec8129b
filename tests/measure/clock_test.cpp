#include <doctest/doctest.h>

#include "issu/measure/clock_watch.hpp"
#include "issu/measure/send_drops.hpp"
#include "issu/measure/wall_clock.hpp"

using namespace issu;
using namespace issu::measure;

namespace {

constexpr std::int64_t us = 1'000;
constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t s = 1'000'000'000;
constexpr std::int64_t epoch = 1'790'000'000 * s;

}  // namespace

TEST_CASE("stamps are moved onto the monotonic clock, small errors of reading averaged out") {
  WallClock clock;
  clock.take(epoch);
  CHECK(clock.when(epoch + 5 * s, 0, 10 * s) == 5 * s);
  clock.take(epoch + 160 * us);  // a reader that had to wait
  CHECK(clock.when(epoch + 5 * s, 0, 10 * s) == 5 * s - 10 * us);
}

TEST_CASE("a clock that is set moves no event beyond when it can have been") {
  WallClock clock;
  clock.take(epoch);
  // Stamped before the clock was set forward by an hour, read behind that.
  clock.take(epoch + 3600 * s);
  CHECK(clock.when(epoch + 5 * s, 4 * s, 6 * s) == 4 * s);
  CHECK(clock.when(epoch + 3600 * s + 5 * s, 4 * s, 6 * s) == 5 * s);
  // And back by two: what was stamped before lies in the future.
  clock.take(epoch - 3600 * s);
  CHECK(clock.when(epoch + 5 * s, 4 * s, 6 * s) == 6 * s);
  CHECK(clock.when(epoch - 3600 * s + 5 * s, 4 * s, 6 * s) == 5 * s);
}

TEST_CASE("a wall clock that is set is noticed, one that is slewed is not") {
  ClockWatch watch;
  CHECK_FALSE(watch.look({1 * s, epoch, 0}));
  CHECK_FALSE(watch.look({2 * s, epoch + 500 * us, 0}));
  CHECK(watch.set_ms() == 0);
  const auto forward = watch.look({3 * s, epoch + 3600 * s, 0});
  REQUIRE(forward);
  CHECK(*forward == "the wall clock was set by +3599.999 s");
  const auto back = watch.look({4 * s, epoch, 0});
  REQUIRE(back);
  CHECK(*back == "the wall clock was set by -3600.000 s");
  CHECK_FALSE(watch.look({5 * s, epoch, 0}));
  CHECK(watch.set_ms() == doctest::Approx(7'199'999.5));
  CHECK(watch.slept_ms() == 0);
}

TEST_CASE("a machine that slept is noticed: nobody measured then") {
  ClockWatch watch;
  watch.look({1 * s, epoch, 7 * s});
  const auto slept = watch.look({2 * s, epoch + 30 * s, 37 * s});
  REQUIRE(slept);
  CHECK(*slept == "the machine slept for 30.000 s");
  CHECK(watch.slept_ms() == 30'000);
  CHECK(watch.set_ms() == 0);
}

TEST_CASE("the clocks of this machine go on") {
  ClockWatch watch;
  CHECK_FALSE(watch.look(read_clocks()));
  CHECK_FALSE(watch.look(read_clocks()));
}

TEST_CASE("drops behind the sender's socket, from the namespace's counters") {
  const std::string snmp =
      "Icmp: InMsgs\nIcmp: 3\n"
      "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors\n"
      "Udp: 345 0 0 347 9 12 0\nUdpLite: InDatagrams SndbufErrors\nUdpLite: 0 99\n";
  CHECK(parse_send_drops(snmp, "Udp6InDatagrams \t4\nUdp6SndbufErrors \t30\n") == 42);
  CHECK(parse_send_drops(snmp, "") == 12);  // no IPv6 here
  CHECK_FALSE(parse_send_drops(snmp, "Udp6InDatagrams 4\n"));
  CHECK_FALSE(parse_send_drops("", ""));
  CHECK_FALSE(send_drops({StreamPlan{"s", "no-such-namespace", "x", {}, "", 1, 64}}));
}
