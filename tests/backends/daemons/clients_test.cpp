#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>

#include "backends/daemons/bird_answers.hpp"
#include "backends/daemons/bird_ctl.hpp"
#include "backends/daemons/frr_vty.hpp"
#include "backends/daemons/views.hpp"
#include "tests/backends/daemons/daemon_lab.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::backends;
using issu::test::DaemonLab;

namespace {

constexpr const char* zebra_config = "ip route 203.0.113.0/24 blackhole\n";
constexpr const char* bgpd_config =
    "router bgp 65001\n"
    " bgp router-id 10.9.0.1\n"
    " no bgp ebgp-requires-policy\n"
    " bgp graceful-restart\n"
    " neighbor 10.9.0.2 remote-as 65002\n"
    " address-family ipv4 unicast\n"
    "  redistribute static\n"
    " exit-address-family\n"
    " address-family ipv6 unicast\n"
    "  neighbor 10.9.0.2 activate\n"
    " exit-address-family\n";
constexpr const char* bird_config =
    "router id 10.9.0.2;\n"
    "protocol device {}\n"
    "protocol kernel k4 { ipv4 { export all; }; }\n"
    "protocol kernel k6 { ipv6 { export all; }; }\n"
    "protocol static s4 { ipv4; route 198.18.0.0/24 blackhole; route 198.18.1.0/24 blackhole; }\n"
    "protocol static s6 { ipv6; route 2001:db8:1::/48 blackhole; }\n"
    "protocol bgp rt1 { local 10.9.0.2 as 65002; neighbor 10.9.0.1 as 65001;\n"
    "  hold time 30; connect delay time 1; graceful restart on;\n"
    "  ipv4 { import all; export where source = RTS_STATIC; };\n"
    "  ipv6 { import all; export none; }; }\n";

}  // namespace

TEST_CASE("real FRR and real BIRD are asked, and agree") {
  if (const std::string why = DaemonLab::missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  DaemonLab lab;
  lab.link("r", "p1", {"10.9.0.1/24"}, "b", "r0", {"10.9.0.2/24"});
  lab.start_frr("r", "zebra", zebra_config);
  lab.start_frr("r", "staticd", zebra_config);
  lab.start_frr("r", "bgpd", bgpd_config);
  lab.start_bird("b", bird_config);

  const std::vector<std::string> daemons{"zebra", "staticd", "bgpd"};
  ControlPlaneView frr;
  const bool synced = wait_until(
      [&] {
        frr = frr_view(lab.folder(), daemons);
        return frr.answering && !frr.sessions.empty() && frr.sessions[0].end_of_rib;
      },
      Deadline::in(std::chrono::seconds(30)), std::chrono::milliseconds(100));
  REQUIRE(synced);
  CHECK_FALSE(frr.version.empty());
  REQUIRE(frr.sessions.size() == 1);
  CHECK(frr.sessions[0].peer == "10.9.0.2");
  CHECK(frr.sessions[0].established);
  CHECK(frr.sessions[0].graceful_restart);
  CHECK(frr.sessions[0].prefixes == 2);
  CHECK(frr.sessions[0].hold_time_s == 30);
  CHECK(wait_until([&] { return frr_view(lab.folder(), daemons).routes == 3; },
                   Deadline::in(std::chrono::seconds(5))));

  ControlPlaneView bird;
  CHECK(wait_until(
      [&] {
        bird = bird_view(lab.control("b"));
        return bird.routes == 4;
      },
      Deadline::in(std::chrono::seconds(10)), std::chrono::milliseconds(100)));
  CHECK(bird.answering);
  CHECK(bird.version.starts_with("2."));
  REQUIRE(bird.sessions.size() == 1);
  CHECK(bird.sessions[0].peer == "10.9.0.1");
  CHECK(bird.sessions[0].established);
  CHECK(bird.sessions[0].end_of_rib);
  CHECK(bird.sessions[0].graceful_restart);
  CHECK(bird.sessions[0].prefixes == 1);

  auto routes = bird_kernel_routes(lab.control("b"));
  REQUIRE(routes);
  std::vector<std::string> texts;
  for (const auto& route : *routes) {
    texts.push_back(route.text());
  }
  CHECK(texts == std::vector<std::string>{"198.18.0.0/24", "198.18.1.0/24", "203.0.113.0/24",
                                          "2001:db8:1::/48"});

  SUBCASE("a wrong question is an error that names it, and the next one works") {
    FrrVty vty(lab.folder() / "bgpd.vty");
    auto wrong = vty.ask("show bgp nonsense");
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().message().find("show bgp nonsense") != std::string::npos);
    CHECK(vty.ask("show version"));
    BirdCtl ctl(lab.control("b"));
    CHECK_FALSE(ctl.ask("show nonsense"));
    CHECK(ctl.ask("show status"));
    CHECK_FALSE(vty.ask("show version", std::chrono::seconds(2), 10));
  }
  SUBCASE("a daemon that is stopped runs into the deadline, one that is dead does not answer") {
    FrrVty vty(lab.folder() / "bgpd.vty");
    REQUIRE(vty.ask("show version"));
    REQUIRE(send_signal(lab.process("bgpd"), SIGSTOP));
    const MonoNs begin = mono_now();
    auto late = vty.ask("show version", std::chrono::milliseconds(200));
    REQUIRE_FALSE(late);
    CHECK(late.error().kind() == ErrorKind::timeout);
    CHECK(to_ms(mono_now() - begin) < 2000);
    // Told by its name; the ones that are asked behind it answer all the same.
    const auto view =
        frr_view(lab.folder(), {"zebra", "bgpd", "staticd"}, std::chrono::milliseconds(300));
    CHECK_FALSE(view.answering);
    CHECK(view.silent == std::vector<std::string>{"bgpd"});
    lab.kill("bgpd");
    CHECK_FALSE(vty.ask("show version"));
    lab.start_frr("r", "bgpd", bgpd_config);
    CHECK(wait_until([&] { return vty.ask("show version").has_value(); },
                     Deadline::in(std::chrono::seconds(5))));
  }
}

TEST_CASE("nobody there is an error that names the socket") {
  auto answer = FrrVty("/run/issu-no-such/bgpd.vty").ask("show version");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().message().find("/run/issu-no-such/bgpd.vty") != std::string::npos);
  CHECK_FALSE(bird_view("/run/issu-no-such/bird.ctl").answering);
}
