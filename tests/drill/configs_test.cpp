#include "issu/drill/configs.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "tests/drill/sample.hpp"

using namespace issu;
using namespace issu::drill::testing;

TEST_CASE("the router.toml of a lab is one that is read without a fault") {
  const tests::TempDir folder;
  const auto scenario = load_text(kGood);
  REQUIRE(scenario);
  const auto layout = drill::lay_out(scenario->lab, "drill-1", folder.path());
  std::filesystem::create_directories(layout.config_dir());
  std::ofstream(folder / "keyring.pem") << "certificates\n";
  std::ofstream(layout.router_file())
      << drill::router_toml(scenario->lab, layout, "issu-test", folder / "keyring.pem");
  const auto router = config::load_router(layout.router_file());
  REQUIRE_MESSAGE(router, router.error().message());
  CHECK(router->router.name == "drill-1");
  CHECK(router->router.ports.size() == 2);
  CHECK(router->router.ports[0].peer_netns == "drill-1-east");
  REQUIRE(router->measure.streams.size() == 1);
  CHECK(router->measure.streams[0].destinations.at(0).count == 100);
  CHECK(router->measure.streams[0].source == "192.0.2.2");
  CHECK(router->measure.streams[0].rate_pps == 2000);
  REQUIRE(router->measure.peers.size() == 2);
  CHECK(router->measure.peers[0].sessions == std::vector<std::string>{"router4", "router6"});
  CHECK(router->measure.peers[1].sessions ==
        std::vector<std::string>{"192.0.2.5", "2001:db8:0:2::1"});
  CHECK(router->timers.converge_s == 30);
}

TEST_CASE("a lab with the soft NPU says so in its router.toml") {
  const tests::TempDir folder;
  const auto scenario =
      load_text(with("image = \"one\"", "image = \"one\"\nnpu = \"soft\"\nengine = \"xdp\""));
  REQUIRE_MESSAGE(scenario, scenario.error().message());
  const auto layout = drill::lay_out(scenario->lab, "drill-1", folder.path());
  std::filesystem::create_directories(layout.config_dir());
  std::ofstream(folder / "keyring.pem") << "certificates\n";
  std::ofstream(layout.router_file())
      << drill::router_toml(scenario->lab, layout, "issu-test", folder / "keyring.pem");
  const auto router = config::load_router(layout.router_file());
  REQUIRE_MESSAGE(router, router.error().message());
  CHECK(router->router.npu.driver == "soft");
  CHECK(router->router.npu.engine == "xdp");
  CHECK_FALSE(load_text(with("image = \"one\"", "image = \"one\"\nengine = \"xdp\"")));
}

TEST_CASE("a router's machine with a processor to itself is bound to it by router.toml") {
  const tests::TempDir folder;
  const auto scenario =
      load_text(with("image = \"one\"", "image = \"one\"\nbackend = \"vm\"\napart = true"));
  REQUIRE_MESSAGE(scenario, scenario.error().message());
  CHECK(scenario->lab.apart);
  auto layout = drill::lay_out(scenario->lab, "drill-1", folder.path());
  std::filesystem::create_directories(layout.config_dir());
  std::ofstream(folder / "keyring.pem") << "certificates\n";
  for (const char* cpus : {"", "1"}) {
    layout.cpus = cpus;
    std::ofstream(layout.router_file())
        << drill::router_toml(scenario->lab, layout, "issu-test", folder / "keyring.pem");
    const auto router = config::load_router(layout.router_file());
    REQUIRE_MESSAGE(router, router.error().message());
    CHECK(router->router.vm.cpus == cpus);
  }
  const auto container = load_text(with("image = \"one\"", "image = \"one\"\napart = true"));
  REQUIRE_FALSE(container);
  CHECK(container.error().message().find("lab.apart") != std::string::npos);
}

TEST_CASE("every prefix of a peer is announced once") {
  const auto scenario = load_text(kGood);
  REQUIRE(scenario);
  const auto layout = drill::lay_out(scenario->lab, "drill-1", "/tmp/none");
  const auto count = [](const std::string& text, const std::string& word) {
    std::size_t found = 0;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
      ++found;
    }
    return found;
  };
  const std::string bird = drill::bird_peer_conf(layout, layout.peers[0]);
  CHECK(count(bird, "blackhole") == 320);
  CHECK(count(bird, "graceful restart on") == 2);
  const std::string frr = drill::frr_peer_conf(layout, layout.peers[1]);
  CHECK(count(frr, "\n  network ") == 100);
  CHECK(frr.find("  network 10.134.48.0/20\n") != std::string::npos);
}
