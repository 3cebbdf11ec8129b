#include <doctest/doctest.h>
#include <signal.h>

#include <cstdio>

#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "issu/measure/evaluate.hpp"
#include "issu/measure/probe.hpp"
#include "tests/backends/daemons/daemon_lab.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::measure;
using issu::test::DaemonLab;

namespace {

state_sync::Prefix prefix(const char* text) {
  return *state_sync::Prefix::parse(text);
}

/// A Linux router between two far sides that accept every address behind them.
struct RouterLab {
  RouterLab() {
    lab.link("r", "p1", {"10.9.1.1/24", "2001:db8:1::1/64"}, "f1", "e1",
             {"10.9.1.2/24", "2001:db8:1::2/64"});
    lab.link("r", "p2", {"10.9.2.1/24", "2001:db8:2::1/64"}, "f2", "e2",
             {"10.9.2.2/24", "2001:db8:2::2/64"});
    lab.sysctl("r", "net.ipv4.ip_forward", "1");
    lab.sysctl("r", "net.ipv6.conf.all.forwarding", "1");
    side("f1", "1", "10.101.0.0/16", "2001:db8:101::/48");
    side("f2", "2", "10.102.0.0/16", "2001:db8:102::/48");
  }

  void side(const std::string& name, const std::string& n, const std::string& v4,
            const std::string& v6) {
    lab.ip(name, "route add local " + v4 + " dev lo");
    lab.ip(name, "-6 route add local " + v6 + " dev lo");
    lab.ip(name, "route add default via 10.9." + n + ".1");
    lab.ip(name, "-6 route add default via 2001:db8:" + n + "::1");
    lab.ip("r", "route add " + v4 + " via 10.9." + n + ".2");
    lab.ip("r", "-6 route add " + v6 + " via 2001:db8:" + n + "::2");
  }

  MeasurePlan plan(double rate) {
    MeasurePlan plan;
    plan.streams.push_back({"right4",
                            lab.netns("f1"),
                            lab.netns("f2"),
                            {{prefix("10.102.0.0/24"), 200}, {prefix("10.102.250.0/28"), 16}},
                            "10.9.1.2",
                            rate,
                            64});
    plan.streams.push_back({"left4",
                            lab.netns("f2"),
                            lab.netns("f1"),
                            {{prefix("10.101.0.0/24"), 200}},
                            "10.9.2.2",
                            rate,
                            64});
    plan.streams.push_back({"right6",
                            lab.netns("f1"),
                            lab.netns("f2"),
                            {{prefix("2001:db8:102::/64"), 1000}},
                            "2001:db8:1::2",
                            rate,
                            64});
    plan.streams.push_back({"left6",
                            lab.netns("f2"),
                            lab.netns("f1"),
                            {{prefix("2001:db8:101::/64"), 1000}},
                            "2001:db8:2::2",
                            rate,
                            64});
    return plan;
  }

  void nft(const std::string& rules) {
    RunOptions options;
    options.netns = NetNs::path_of(lab.netns("r"));
    options.input = rules;
    auto output = run_checked({"nft", "-f", "-"}, options);
    REQUIRE_MESSAGE(output, output.error().message());
  }

  /// Starts the instrument; it ends with the lab, also when the test fails.
  ProcessId start(const MeasurePlan& wanted) {
    auto started = Probe::start(wanted, out());
    REQUIRE_MESSAGE(started, started.error().message());
    process = *started;
    return *started;
  }
  ~RouterLab() { static_cast<void>(end_process(process, std::chrono::milliseconds(0))); }

  [[nodiscard]] std::filesystem::path out() const { return lab.folder() / "measure"; }

  DaemonLab lab;
  ProcessId process;
};

void show(const Measurement& measurement) {
  for (const StreamResult& stream : measurement.streams) {
    std::printf(
        "%-7s sent %llu lost %llu gap %.3f ms silence %.3f ms latency us %.0f %.0f %.0f %.0f\n",
        stream.name.c_str(), static_cast<unsigned long long>(stream.sent),
        static_cast<unsigned long long>(stream.totals.lost), to_ms(stream.totals.longest_gap),
        to_ms(stream.totals.longest_silence), stream.latency.min_us, stream.latency.p50_us,
        stream.latency.p99_us, stream.latency.max_us);
  }
  std::printf("sender's gap %.3f ms, receiver's wait %.3f ms, real time %d\n",
              measurement.instrument.send_gap_ms, measurement.instrument.receive_wait_ms,
              measurement.instrument.realtime ? 1 : 0);
  for (const std::string& reason : measurement.why_not) {
    std::printf("not measured: %s\n", reason.c_str());
  }
}

bool tells(const Measurement& measurement, const std::string& words) {
  for (const std::string& reason : measurement.why_not) {
    if (reason.find(words) != std::string::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace

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
  CHECK(tells(*measurement, "nothing came back after the last loss"));
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
  CHECK(tells(*measurement, "no frame came through before counting began"));
  CHECK(tells(*measurement, "nothing that was sent came back"));
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
  CHECK(tells(*measurement, "the instrument ended without a result"));
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
