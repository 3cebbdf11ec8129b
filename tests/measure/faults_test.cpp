#include <doctest/doctest.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>

#include "issu/base/file.hpp"
#include "issu/measure/evaluate.hpp"
#include "issu/measure/probe.hpp"
#include "tests/measure/router_lab.hpp"
#include "tests/skip.hpp"

// What goes wrong around the instrument: it is named, and what was not measured is not zero.

using namespace issu;
using namespace issu::measure;
using issu::test::DaemonLab;
using issu::test::RouterLab;
using issu::test::show;
using issu::test::tells;

namespace {

/// A peer whose daemon runs and whose session never comes up, and one that is not there at all.
void add_peers(RouterLab& router, MeasurePlan& plan) {
  router.lab.start_bird("f1",
                        "router id 10.9.1.2;\nprotocol device {}\n"
                        "protocol bgp rt1 { local 10.9.1.2 as 65002; neighbor 10.9.1.1 as 65001;\n"
                        " connect delay time 1; ipv4 { import all; export none; }; }\n");
  plan.peers.push_back(
      {"alone", "bird", router.lab.control("f1"), {"rt1"}, router.lab.log("f1"), {}, {}});
  plan.peers.push_back({"absent", "bird", router.lab.folder() / "no.ctl", {"rt1"}, {}, {}, {}});
}

void add_echoes(RouterLab& router, MeasurePlan& plan) {
  plan.echoes.push_back({"near", router.lab.netns("f1"), "10.9.1.1", 50});
  plan.echoes.push_back({"near6", router.lab.netns("f1"), "2001:db8:1::1", 50});
  plan.echoes.push_back({"nobody", router.lab.netns("f1"), "10.9.1.77", 50});
}

/// Sets the variable for what is started in the meantime.
struct Environment {
  Environment(const char* the_name, const std::string& value) : name(the_name) {
    ::setenv(name, value.c_str(), 1);
  }
  ~Environment() { ::unsetenv(name); }
  const char* name;
};

}  // namespace

TEST_CASE("a probe that is killed in the middle: all is named, nothing is measured") {
  if (const std::string why = DaemonLab::missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  RouterLab router;
  MeasurePlan plan = router.plan(500);
  add_echoes(router, plan);
  plan.peers.push_back({"absent", "bird", router.lab.folder() / "no.ctl", {"rt1"}, {}, {}, {}});
  plan.peers[0].bfd = {"10.9.1.1"};
  const ProcessId process = router.start(plan);
  sleep_for(std::chrono::milliseconds(300));
  REQUIRE(send_signal(process, SIGKILL));
  wait_until([&] { return !is_alive(process); }, Deadline::in(std::chrono::seconds(2)));
  auto seen = Probe::stop(process, router.out());
  REQUIRE(seen);
  CHECK(seen->died);
  CHECK_FALSE(seen->measured);
  CHECK(tells(seen->why_not, "the instrument ended without a result"));
  REQUIRE(seen->streams.size() == 4);
  REQUIRE(seen->sessions.size() == 2);
  REQUIRE(seen->echoes.size() == 3);
  CHECK_FALSE(seen->streams[2].measured);
  CHECK(seen->streams[2].name == "right6");
  CHECK_FALSE(seen->sessions[1].measured);
  CHECK(seen->sessions[1].protocol == "bfd");
  CHECK_FALSE(seen->echoes[0].measured);
  CHECK_FALSE(control_plane_dark(*seen, 0, mono_now()));
  CHECK_FALSE(lost_between(*seen, 0, mono_now()));
}

TEST_CASE("a peer that never comes up, and one that never answers, are not measured") {
  if (const std::string why = DaemonLab::missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  RouterLab router;
  MeasurePlan plan = router.plan(500);
  add_peers(router, plan);
  const ProcessId process = router.start(plan);
  sleep_for(std::chrono::milliseconds(300));
  auto seen = Probe::stop(process, router.out());
  REQUIRE(seen);
  CHECK(seen->measured);  // the data plane is
  REQUIRE(seen->sessions.size() == 2);
  for (const SessionResult& session : seen->sessions) {
    std::printf("%s: %s\n", session.peer.c_str(), session.why_not.c_str());
    CHECK_FALSE(session.measured);
    CHECK_FALSE(session.established_after);
  }
  CHECK(seen->sessions[0].why_not.find("not established when counting began") != std::string::npos);
  CHECK(seen->sessions[1].why_not.find("the peer never answered") != std::string::npos);
  CHECK_FALSE(control_plane_dark(*seen, seen->begin, seen->end));
}

TEST_CASE("the router's own addresses: silences from the last answer to the first") {
  if (const std::string why = DaemonLab::missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  RouterLab router;
  MeasurePlan plan = router.plan(500);
  add_echoes(router, plan);
  const ProcessId process = router.start(plan);
  sleep_for(std::chrono::milliseconds(400));
  const MonoNs before = mono_now();
  router.nft(
      "table ip deaf {\n chain in {\n  type filter hook input priority 0;\n  icmp type "
      "echo-request drop\n }\n}\n");
  const MonoNs deaf = mono_now();
  sleep_for(std::chrono::milliseconds(500));
  const MonoNs hears = mono_now();
  router.nft("delete table ip deaf\n");
  sleep_for(std::chrono::milliseconds(300));
  auto seen = Probe::stop(process, router.out());
  REQUIRE(seen);
  REQUIRE(seen->echoes.size() == 3);
  for (const EchoResult& echo : seen->echoes) {
    std::printf("%s: %llu of %llu answered, longest silence %.1f ms, %s\n", echo.name.c_str(),
                static_cast<unsigned long long>(echo.answered),
                static_cast<unsigned long long>(echo.asked), echo.longest_silence_ms,
                echo.why_not.c_str());
  }
  const EchoResult& near = seen->echoes[0];
  CHECK(near.measured);
  CHECK(near.answering_after);
  CHECK(near.answered < near.asked);
  REQUIRE(near.silences.size() == 1);
  // Never shorter than it was.
  CHECK(near.silences[0].from <= deaf);
  CHECK(near.silences[0].to >= hears);
  CHECK(near.silences[0].from > before - 1'000'000'000);
  CHECK(near.answered + near.silences[0].unanswered == near.asked);
  const EchoResult& near6 = seen->echoes[1];
  CHECK(near6.measured);
  CHECK(near6.answered == near6.asked);
  CHECK(near6.asked > 20);
  CHECK(near6.silences.empty());
  const EchoResult& nobody = seen->echoes[2];
  CHECK_FALSE(nobody.measured);
  CHECK(nobody.why_not.find("the address never answered") != std::string::npos);
  const auto timeline = read_file(router.out() / "timeline.jsonl");
  REQUIRE(timeline);
  CHECK(timeline->find("\"event\":\"answers\"") != std::string::npos);
}

TEST_CASE("a wall clock that is set again and again moves no count and no gap") {
  if (const std::string why = DaemonLab::missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  RouterLab router;
  // 40 frames in a row of one stream, by their numbers.
  router.nft(
      "table ip cut {\n chain forward {\n  type filter hook forward priority 0;\n"
      "  @th,64,32 0x49535355 @th,96,16 0 @th,112,16 0 @th,224,32 >= 300 @th,224,32 < 340 drop\n"
      " }\n}\n");
  ProcessId process;
  {
    const Environment preload("LD_PRELOAD", ISSU_SET_CLOCK);
    process = router.start(router.plan(500));
  }
  sleep_for(std::chrono::milliseconds(1800));
  auto seen = Probe::stop(process, router.out());
  REQUIRE(seen);
  show(*seen);
  for (const std::string& note : seen->instrument.notes) {
    std::printf("note: %s\n", note.c_str());
  }
  CHECK(seen->measured);
  CHECK(seen->lost == 40);
  CHECK(tells(seen->instrument.notes, "the wall clock was set by"));
  CHECK(seen->instrument.clock_set_ms > 3'599'000);
  const double run_ms = to_ms(seen->end - seen->begin);
  CHECK(run_ms < 60'000);
  const StreamResult& cut = seen->streams[0];
  REQUIRE(cut.gaps.size() == 1);
  CHECK(cut.gaps[0].before > seen->begin);
  CHECK(cut.gaps[0].after < seen->end);
  CHECK(cut.impact_timestamp_ms > 0);
  CHECK(cut.impact_timestamp_ms < run_ms);
  CHECK(cut.latency.max_us < run_ms * 1e3);
}
