#include <doctest/doctest.h>

#include <cstdio>

#include "issu/measure/evaluate.hpp"
#include "issu/measure/peer_watch.hpp"
#include "tests/backends/daemons/daemon_lab.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::measure;
using issu::test::DaemonLab;

namespace {

constexpr int route_count = 200;

std::string router_bgpd() {
  std::string config =
      "router bgp 65001\n bgp router-id 10.9.0.1\n no bgp ebgp-requires-policy\n"
      " no bgp network import-check\n"
      " bgp graceful-restart\n bgp graceful-restart preserve-fw-state\n"
      " neighbor 10.9.0.2 remote-as 65002\n neighbor 10.9.0.2 timers connect 1\n"
      " neighbor 10.9.3.2 remote-as 65003\n neighbor 10.9.3.2 timers connect 1\n"
      " address-family ipv4 unicast\n";
  for (int i = 0; i < route_count; ++i) {
    config += "  network 10.77." + std::to_string(i) + ".0/24\n";
  }
  return config;
}

/// Passive: where both sides connect at once, one connection is closed, and that is an error to a
/// session that waits for its restarted neighbour: its routes go.
std::string bird_peer(const std::string& graceful) {
  return "router id 10.9.0.2;\nprotocol device {}\n"
         "protocol bgp rt1 { local 10.9.0.2 as 65002; neighbor 10.9.0.1 as 65001;\n"
         " debug { states, events };\n"
         " hold time 30; passive on; error wait time 1, 2; " +
         graceful + ";\n ipv4 { import all; export none; }; }\n";
}

/// FRR as the router that is upgraded, BIRD as its peer.
struct PeerLab {
  explicit PeerLab(const std::string& graceful) {
    lab.link("r", "p1", {"10.9.0.1/24"}, "b", "r0", {"10.9.0.2/24"});
    lab.start_frr("r", "zebra", "");
    lab.start_frr("r", "bgpd", router_bgpd());
    lab.start_bird("b", bird_peer(graceful));
  }
  PeerPlan plan(bool with_log) {
    return {"bird",
            "bird",
            lab.control("b"),
            {"rt1"},
            with_log ? lab.log("b") : std::filesystem::path()};
  }
  static bool settle(PeerWatch& watch) {
    return wait_until([&] { return watch.live().at(0).routes == route_count; },
                      Deadline::in(std::chrono::seconds(30)), std::chrono::milliseconds(50));
  }
  DaemonLab lab;
};

bool all_up(PeerWatch& watch) {
  const LiveSession live = watch.live().at(0);
  return live.went_down && live.established && live.routes == route_count;
}

void show(const SessionResult& result) {
  std::printf(
      "%s: down %d for %.1f ms, held %d, withdrawn %llu, routes %llu/%llu/%llu, eor %d, %s\n",
      result.session.c_str(), result.went_down ? 1 : 0, result.down_ms,
      result.graceful_restart ? (*result.graceful_restart ? 1 : 0) : -1,
      static_cast<unsigned long long>(result.routes_withdrawn),
      static_cast<unsigned long long>(result.routes_before),
      static_cast<unsigned long long>(result.routes_min),
      static_cast<unsigned long long>(result.routes_after),
      result.end_of_rib ? (*result.end_of_rib ? 1 : 0) : -1, result.why_not.c_str());
}

/// Kills the router's bgpd, starts it again after `pause` and gives back what the peer saw.
SessionResult restart_bgpd(PeerLab& peers, PeerWatch& watch, std::chrono::milliseconds pause) {
  watch.start();
  REQUIRE(PeerLab::settle(watch));
  sleep_for(std::chrono::milliseconds(1500));  // End-of-RIB of the first session
  watch.begin_counting();
  sleep_for(std::chrono::milliseconds(300));
  peers.lab.kill("bgpd");
  sleep_for(pause);
  peers.lab.start_frr("r", "bgpd", router_bgpd());
  CHECK(wait_until([&] { return all_up(watch); }, Deadline::in(std::chrono::seconds(60)),
                   std::chrono::milliseconds(50)));
  sleep_for(std::chrono::seconds(4));  // what is stale goes at End-of-RIB
  watch.stop();
  const SessionResult result = watch.finish(mono_now()).at(0);
  show(result);
  return result;
}

}  // namespace

TEST_CASE("graceful restart: the peer's session goes down, its routes stay") {
  if (const std::string why = DaemonLab::missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  for (const bool with_log : {true, false}) {
    CAPTURE(with_log);
    PeerLab peers("graceful restart on");
    PeerWatch watch(peers.plan(with_log));
    const SessionResult result = restart_bgpd(peers, watch, std::chrono::milliseconds(500));
    CHECK(result.measured);
    CHECK(result.went_down);
    CHECK(result.graceful_restart == true);
    CHECK(result.routes_withdrawn == 0);
    CHECK(result.routes_before == route_count);
    CHECK(result.routes_min == route_count);
    CHECK(result.established_after);
    CHECK(result.end_of_rib == true);
    CHECK(result.down_ms > 450);
    CHECK(result.down_ms < 10'000);
    Measurement measurement;
    measurement.sessions.push_back(result);
    CHECK(control_plane_dark(measurement, 0, mono_now()) == result.longest_down_ms);
  }
}

TEST_CASE("a restart faster than two looks is seen through the log") {
  if (const std::string why = DaemonLab::missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  PeerLab peers("graceful restart on");
  PeerWatch watch(peers.plan(true));
  const SessionResult result = restart_bgpd(peers, watch, std::chrono::milliseconds(0));
  CHECK(result.measured);
  CHECK(result.went_down);
  CHECK(result.graceful_restart == true);
  CHECK(result.routes_withdrawn == 0);
}

TEST_CASE("without graceful restart the peer withdraws all routes") {
  if (const std::string why = DaemonLab::missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  PeerLab peers("graceful restart off");
  PeerWatch watch(peers.plan(true));
  const SessionResult result = restart_bgpd(peers, watch, std::chrono::milliseconds(500));
  CHECK(result.measured);
  CHECK(result.went_down);
  CHECK(result.graceful_restart == false);
  CHECK(result.routes_withdrawn == route_count);
  CHECK(result.routes_min == 0);
  CHECK(result.routes_after == route_count);
  CHECK(result.established_after);
}

TEST_CASE("FRR as the peer of a BIRD that restarts") {
  if (const std::string why = DaemonLab::missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  for (const bool graceful : {true, false}) {
    CAPTURE(graceful);
    const std::string router =
        "router id 10.9.0.2;\nprotocol device {}\n"
        "protocol static s4 { ipv4; route 10.77.0.0/24 blackhole; route 10.77.1.0/24 blackhole; }\n"
        "protocol bgp p1 { local 10.9.0.2 as 65002; neighbor 10.9.0.1 as 65001;\n"
        " hold time 30; passive on; error wait time 1, 2; graceful restart " +
        std::string(graceful ? "on" : "off") + ";\n ipv4 { import all; export all; }; }\n";
    DaemonLab lab;
    lab.link("f", "p1", {"10.9.0.1/24"}, "b", "r0", {"10.9.0.2/24"});
    lab.start_frr("f", "zebra", "");
    lab.start_frr("f", "bgpd",
                  "router bgp 65001\n no bgp ebgp-requires-policy\n bgp graceful-restart\n"
                  " neighbor 10.9.0.2 remote-as 65002\n neighbor 10.9.0.2 timers connect 1\n");
    lab.start_bird("b", router);
    PeerWatch watch({"frr", "frr", lab.folder(), {"10.9.0.2"}, {}});
    watch.start();
    REQUIRE(wait_until([&] { return watch.live().at(0).routes == 2; },
                       Deadline::in(std::chrono::seconds(30)), std::chrono::milliseconds(50)));
    sleep_for(std::chrono::milliseconds(500));
    watch.begin_counting();
    lab.kill("b");
    sleep_for(std::chrono::milliseconds(500));
    lab.start_bird("b", router, {"-R"});
    CHECK(wait_until(
        [&] {
          const LiveSession live = watch.live().at(0);
          return live.went_down && live.established && live.routes == 2;
        },
        Deadline::in(std::chrono::seconds(20)), std::chrono::milliseconds(50)));
    sleep_for(std::chrono::seconds(1));
    watch.stop();
    const SessionResult result = watch.finish(mono_now()).at(0);
    show(result);
    CHECK(result.measured);
    CHECK(result.graceful_restart == graceful);
    CHECK(result.routes_withdrawn == (graceful ? 0 : 2));
    CHECK(result.down_ms > 400);
    CHECK(result.established_after);
  }
}

TEST_CASE("a peer that dies is not measured") {
  if (const std::string why = DaemonLab::missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  PeerLab peers("graceful restart on");
  PeerWatch watch(peers.plan(true));
  watch.start();
  REQUIRE(PeerLab::settle(watch));
  watch.begin_counting();
  peers.lab.kill("b");
  sleep_for(std::chrono::milliseconds(500));
  watch.stop();
  const SessionResult result = watch.finish(mono_now()).at(0);
  show(result);
  CHECK_FALSE(result.measured);
}
