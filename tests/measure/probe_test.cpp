#include <doctest/doctest.h>
#include <signal.h>

#include "issu/base/file.hpp"
#include "issu/measure/evaluate.hpp"
#include "issu/measure/probe.hpp"
#include "tests/measure/router_lab.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::measure;
using issu::test::DaemonLab;
using issu::test::RouterLab;
using issu::test::show;
using issu::test::tells;

TEST_CASE("a Linux router loses nothing at 10,000 packets a second each way") {
  if (const std::string why = DaemonLab::missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  RouterLab router;
  const ProcessId process = router.start(router.plan(5000));
  sleep_for(std::chrono::seconds(3));
  auto live = read_live(router.out());
  REQUIRE_MESSAGE(live, live.error().message());
  CHECK(live->state == "counting");
  CHECK(live->sent() > 20000);
  auto measurement = Probe::stop(process, router.out());
  REQUIRE_MESSAGE(measurement, measurement.error().message());
  show(*measurement);
  CHECK(measurement->measured);
  CHECK(measurement->lost == 0);
  CHECK(measurement->sent > 55000);
  CHECK(measurement->received == measurement->sent);
  CHECK(measurement->duplicated == 0);
  CHECK(measurement->longest_gap_ms == 0);
  CHECK(measurement->rate_pps == 20000);
  auto timeline = read_timeline(router.out());
  REQUIRE(timeline);
  CHECK(timeline->size() > 20);
  CHECK(timeline->back().sent == measurement->sent);
  CHECK(sent_between(*timeline, measurement->begin, measurement->begin + 1'000'000'000) > 15000);
  CHECK(lost_between(*measurement, measurement->begin, measurement->end) == 0);
  auto again = Probe::stop(process, router.out());
  REQUIRE(again);
  CHECK(again->sent == measurement->sent);
}

TEST_CASE("frames that the router drops are counted to the last one") {
  if (const std::string why = DaemonLab::missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  RouterLab router;
  MeasurePlan plan = router.plan(5000);
  const ProcessId process = router.start(plan);
  sleep_for(std::chrono::milliseconds(500));
  // Exactly 137 frames of one stream: the one that reaches the quota passes.
  const std::size_t packet = 64 + 8 + 20;
  router.nft(
      "table ip cut {\n chain forward {\n  type filter hook forward priority 0;\n"
      "  ip daddr 10.102.0.0/16 quota until " +
      std::to_string(137 * packet + 1) + " bytes drop\n }\n}\n");
  sleep_for(std::chrono::milliseconds(700));
  auto measurement = Probe::stop(process, router.out());
  REQUIRE_MESSAGE(measurement, measurement.error().message());
  show(*measurement);
  CHECK(measurement->measured);
  CHECK(measurement->lost == 137);
  const StreamResult& cut = measurement->streams[0];
  CHECK(cut.totals.lost == 137);
  CHECK(cut.totals.gap_count == 1);
  CHECK(cut.impact_loss_ms == doctest::Approx(27.4));
  CHECK(cut.impact_timestamp_ms == doctest::Approx(27.6).epsilon(0.5));
  CHECK(measurement->streams[1].totals.lost == 0);
  CHECK(lost_between(*measurement, measurement->begin, measurement->end) == 137);
  CHECK(lost_between(*measurement, measurement->begin, measurement->begin + 1000) == 0);
}

TEST_CASE("traffic that never comes back is not measured") {
  if (const std::string why = DaemonLab::missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  RouterLab router;
  const ProcessId process = router.start(router.plan(1000));
  sleep_for(std::chrono::milliseconds(300));
  router.lab.ip("r", "link set dev p2 down");
  sleep_for(std::chrono::milliseconds(500));
  auto live = read_live(router.out());
  REQUIRE(live);
  CHECK(live->lost() > 100);
  CHECK(live->longest_gap_ms() > 100);
  auto measurement = Probe::stop(process, router.out());
  REQUIRE(measurement);
  show(*measurement);
  CHECK_FALSE(measurement->measured);
  CHECK(tells(measurement->why_not, "nothing came back after the last loss"));
}

TEST_CASE("a router that forwards nothing is not measured") {
  if (const std::string why = DaemonLab::missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  RouterLab router;
  router.lab.sysctl("r", "net.ipv4.ip_forward", "0");
  MeasurePlan plan = router.plan(1000);
  plan.streams.resize(2);
  const ProcessId process = router.start(plan);
  sleep_for(std::chrono::milliseconds(300));
  auto measurement = Probe::stop(process, router.out());
  REQUIRE(measurement);
  CHECK_FALSE(measurement->measured);
  CHECK(tells(measurement->why_not, "no frame came through before counting began"));
  CHECK(tells(measurement->why_not, "nothing that was sent came back"));
}

TEST_CASE("an instrument that was killed has measured nothing") {
  if (const std::string why = DaemonLab::missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  RouterLab router;
  const ProcessId process = router.start(router.plan(1000));
  REQUIRE(send_signal(process, SIGKILL));
  wait_until([&] { return !is_alive(process); }, Deadline::in(std::chrono::seconds(2)));
  auto measurement = Probe::stop(process, router.out());
  REQUIRE(measurement);
  CHECK_FALSE(measurement->measured);
  CHECK(tells(measurement->why_not, "the instrument ended without a result"));
}

TEST_CASE("a plan that can't be measured is refused with the reason") {
  if (const std::string why = DaemonLab::missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  RouterLab router;
  MeasurePlan plan = router.plan(1000);
  plan.streams[0].source = "10.99.99.99";
  auto process = Probe::start(plan, router.out());
  REQUIRE_FALSE(process);
  CHECK(process.error().message().find("10.99.99.99") != std::string::npos);
}
