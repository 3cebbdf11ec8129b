#include <doctest/doctest.h>

#include "issu/base/file.hpp"
#include "tests/config/sample.hpp"

using namespace issu;
using namespace issu::config::testing;

TEST_CASE("a whole router.toml is read") {
  const SampleFolder folder;
  const auto loaded = folder.load(kGood);
  REQUIRE_MESSAGE(loaded, loaded.error().message());
  const config::RouterConfig& c = *loaded;
  CHECK(c.file == folder.path() / "router.toml");
  CHECK(c.router.name == "edge1");
  CHECK(c.router.suite == "frr");
  CHECK(c.router.config_dir == folder.path() / "config");
  CHECK(c.keyring == folder.path() / "keyring.pem");
  CHECK(c.compatible == "issu-frr-amd64");
  REQUIRE(c.router.ports.size() == 2);
  CHECK(c.router.ports[0].addresses.size() == 2);
  CHECK(c.router.ports[0].peer_netns == "peer-east");
  CHECK(c.router.ports[0].peer_name == "up0");
  CHECK_FALSE(c.router.ports[0].mtu);
  CHECK(c.router.ports[1].device == "enp1s0");
  CHECK(c.router.ports[1].mtu == 9000U);
  REQUIRE(c.measure.streams.size() == 1);
  CHECK(c.measure.streams[0].rate_pps == 5000);
  CHECK(c.measure.streams[0].payload_bytes == 64);
  REQUIRE(c.measure.streams[0].destinations.size() == 2);
  CHECK(c.measure.streams[0].destinations[0].count == 500);
  CHECK(c.measure.streams[0].destinations[1].first.text() == "10.128.0.0/20");
  REQUIRE(c.measure.peers.size() == 1);
  CHECK(c.measure.peers[0].control == folder.path() / "run/bird.ctl");
  CHECK(c.budgets.lost_packets == 3);
  CHECK(c.timers.soak_s == 10.5);
}

TEST_CASE("what is not said has its default") {
  const SampleFolder folder;
  const auto loaded = folder.load(with("daemons = [\"zebra\", \"bgpd\", \"staticd\"]\n", ""));
  REQUIRE_MESSAGE(loaded, loaded.error().message());
  CHECK(loaded->backend == "lxc");
  CHECK(loaded->router.npu.driver == "kernel");
  CHECK(loaded->router.netns == "issu-edge1");
  CHECK(loaded->router.state_dir == "/var/lib/issu/edge1");
  CHECK(loaded->router.run_dir == "/run/issu/edge1");
  CHECK(loaded->router.daemons == std::vector<std::string>{"zebra", "bgpd", "staticd"});
  CHECK(loaded->timers.quiet_s == 3);
  CHECK(loaded->timers.converge_s == 120);
  CHECK(loaded->budgets.control_plane_dark_ms == 30'000);
}

TEST_CASE("a BIRD router runs one daemon") {
  const SampleFolder folder;
  const auto loaded = folder.load(
      with("suite = \"frr\"\ndaemons = [\"zebra\", \"bgpd\", \"staticd\"]", "suite = \"bird\""));
  REQUIRE_MESSAGE(loaded, loaded.error().message());
  CHECK(loaded->router.daemons == std::vector<std::string>{"bird"});
}

TEST_CASE("a path below the file's folder is taken from there, an absolute one as it is") {
  const SampleFolder folder;
  const auto loaded = folder.load(with("config_dir = \"config\"",
                                       "config_dir = \"config\"\nstate_dir = \"state\"\n"
                                       "run_dir = \"/run/issu/x\"\nnetns = \"chassis\""));
  REQUIRE_MESSAGE(loaded, loaded.error().message());
  CHECK(loaded->router.state_dir == folder.path() / "state");
  CHECK(loaded->router.run_dir == "/run/issu/x");
  CHECK(loaded->router.netns == "chassis");
}

TEST_CASE("containers in a user namespace: the usual ids, ids of one's own, or none") {
  const SampleFolder folder;
  const auto first_of = [&](const std::string& value) {
    const auto loaded = folder.load(
        with("config_dir = \"config\"", "config_dir = \"config\"\nuser_namespace = " + value));
    REQUIRE_MESSAGE(loaded, loaded.error().message());
    return loaded->router.first_id;
  };
  CHECK(first_of("true") == 589824U);
  CHECK(first_of("655360") == 655360U);
  CHECK_FALSE(first_of("false").has_value());
}

TEST_CASE("the document's whole example is read") {
  const auto document = read_file(ISSU_SOURCE_DIR "/docs/router-toml.md");
  REQUIRE(document);
  const std::string fence = "```toml\n";
  const auto begin = document->find(fence) + fence.size();
  const SampleFolder folder;
  const auto loaded = folder.load(document->substr(begin, document->find("```", begin) - begin));
  REQUIRE_MESSAGE(loaded, loaded.error().message());
  CHECK(loaded->measure.streams.size() == 2);
  CHECK(loaded->measure.peers.size() == 2);
  REQUIRE(loaded->measure.echoes.size() == 1);
  CHECK(loaded->measure.echoes[0].netns == "peer-east");
  CHECK(loaded->measure.echoes[0].rate_pps == 20);
}

TEST_CASE("an echo probe that is none, or asks too often, is refused") {
  const SampleFolder folder;
  const auto loaded = folder.load(
      kGood + "\n[[echo]]\nname = \"e\"\nfrom = \"p\"\naddress = \"router\"\nrate_pps = 1000\n");
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().message().find("address") != std::string::npos);
  CHECK(loaded.error().message().find("rate_pps") != std::string::npos);
}

TEST_CASE("the NPU is the kernel's tables unless the file says otherwise") {
  const SampleFolder folder;
  const auto plain = folder.load(kGood);
  REQUIRE(plain);
  CHECK(plain->router.npu.driver == "kernel");
  CHECK_FALSE(plain->router.npu.takes_fpm());
  const auto soft = folder.load(kGood + "\n[npu]\ndriver = \"soft\"\nengine = \"xdp\"\n");
  REQUIRE_MESSAGE(soft, soft.error().message());
  CHECK(soft->router.npu.driver == "soft");
  CHECK(soft->router.npu.engine == "xdp");
  CHECK(soft->router.npu.feed == "fpm");
  CHECK(soft->router.npu.takes_fpm());
  CHECK(soft->router.npu_netns() == "issu-edge1-npu");
  const auto short_form = folder.load(with("suite = \"frr\"", "suite = \"frr\"\nnpu = \"soft\""));
  REQUIRE(short_form);
  CHECK(short_form->router.npu.driver == "soft");
  CHECK(short_form->router.npu.engine == "packet");
}

TEST_CASE("rates of what the route processor is given: each by itself, the rest as usual") {
  const SampleFolder folder;
  const auto loaded = folder.load(kGood +
                                  "\n[npu]\ndriver = \"soft\"\n[npu.punt]\n"
                                  "control = { per_second = 50000 }\n"
                                  "exception = { per_second = 100, burst = 20 }\n");
  REQUIRE_MESSAGE(loaded, loaded.error().message());
  const backends::PuntRates& rates = loaded->router.npu.punt;
  CHECK(rates.control == backends::PuntRate{50'000, 4'000});
  CHECK(rates.exception == backends::PuntRate{100, 20});
  CHECK(rates.neighbour == backends::PuntRates{}.neighbour);
}

TEST_CASE("rates that protect nothing, or let nobody through, are refused") {
  const SampleFolder folder;
  const auto loaded = folder.load(kGood +
                                  "\n[npu]\ndriver = \"soft\"\n[npu.punt]\n"
                                  "neighbour = { per_second = 0 }\n"
                                  "control = { burst = 1000000 }\n"
                                  "exception = { rate = 5 }\n"
                                  "exeption = { burst = 5 }\n");
  REQUIRE_FALSE(loaded);
  for (const char* part : {"npu.punt.neighbour.per_second", "npu.punt.control.burst",
                           "npu.punt.exception.rate", "npu.punt.exeption"}) {
    CAPTURE(part);
    CHECK(loaded.error().message().find(part) != std::string::npos);
  }
  const auto kernel = folder.load(kGood + "\n[npu.punt]\ncontrol = { burst = 5 }\n");
  REQUIRE_FALSE(kernel);
  CHECK(kernel.error().message().find("npu.punt") != std::string::npos);
}

TEST_CASE("what does not go together in [npu] is refused, all of it at once") {
  const SampleFolder folder;
  const auto refused = folder.load(with("name = \"east\"", "name = \"punt7\"") +
                                   "\n[npu]\ndriver = \"soft\"\nengine = \"dpdk\"\nroutes = 5\n");
  REQUIRE_FALSE(refused);
  const auto message = refused.error().message();
  for (const char* part : {"punt7", "dpdk", "npu.routes"}) {
    CAPTURE(part);
    CHECK(message.find(part) != std::string::npos);
  }
  const auto kernel = folder.load(kGood + "\n[npu]\nengine = \"xdp\"\n");
  REQUIRE_FALSE(kernel);
  CHECK(kernel.error().message().find("driver soft") != std::string::npos);
}

TEST_CASE("[archive] says where checkpoints are and with what they are written") {
  const SampleFolder folder;
  const auto without = folder.load(kGood);
  REQUIRE(without);
  CHECK(without->archive.folder == without->router.state_dir / "checkpoints");
  CHECK(without->archive.key_file.empty());
  const auto config = folder.load(kGood +
                                  "\n[archive]\nfolder = \"kept\"\nkey_file = \"a.key\"\n"
                                  "certificate = \"/etc/s.pem\"\nsigning_key = \"s.key\"\n");
  REQUIRE(config);
  CHECK(config->archive.folder == folder.path() / "kept");
  CHECK(config->archive.key_file == folder.path() / "a.key");
  CHECK(config->archive.certificate == "/etc/s.pem");
  CHECK(config->archive.signing_key == folder.path() / "s.key");
  const auto half = folder.load(kGood + "\n[archive]\ncertificate = \"s.pem\"\nkey = \"x\"\n");
  REQUIRE_FALSE(half);
  CHECK(half.error().message().find("archive.certificate: stands alone") != std::string::npos);
  CHECK(half.error().message().find("archive.key: is not a key") != std::string::npos);
}

TEST_CASE("to take a router down nobody needs its keyring or its daemons' configuration") {
  const SampleFolder folder;
  std::filesystem::remove(folder.path() / "keyring.pem");
  std::filesystem::remove_all(folder.path() / "config");
  CHECK_FALSE(folder.load(kGood));
  const auto loaded =
      config::load_router(folder.path() / "router.toml", config::Purpose::take_down);
  REQUIRE_MESSAGE(loaded, loaded.error().message());
  CHECK(loaded->router.name == "edge1");
}
