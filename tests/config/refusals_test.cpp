#include <doctest/doctest.h>

#include "tests/config/sample.hpp"

using namespace issu;
using namespace issu::config::testing;

namespace {

struct Refusal {
  const char* old_text;
  const char* new_text;
  const char* told;  ///< must stand in the message: line, key and reason
  const char* hint;
};

const Refusal kRefusals[] = {
    {"suite = \"frr\"", "siute = \"frr\"", ":3: router.siute: is not a key", "\"suite\"?"},
    {"[images]", "[imagse]", "images: the section is missing", "add [images]"},
    {"[images]", "[imagse]", ":7: imagse: is not a key", "\"images\"?"},
    {"name = \"edge1\"", "name = 7", ":2: router.name: is a whole number, a text", "write a text"},
    {"name = \"edge1\"", "name = \"Edge 1\"", ":2: router.name: \"Edge 1\" has a character", "a-z"},
    {"name = \"edge1\"", "", ":1: router.name: is missing", "add name"},
    {"suite = \"frr\"", "suite = \"fr\"", ":3: router.suite: \"fr\" is not known", "\"frr\"?"},
    {"suite = \"frr\"", "suite = \"frr\"\nbackend = \"docker\"", ":4: router.backend",
     "one of: lxc"},
    {"suite = \"frr\"", "suite = \"frr\"\nnpu = \"kernal\"", ":4: router.npu: \"kernal\"",
     "\"kernel\"?"},
    {"\"staticd\"", "\"staticdd\"", ":4: router.daemons: \"staticdd\" is not a daemon of suite frr",
     "\"staticd\"?"},
    {"\"staticd\"", "\"bgpd\"", ":4: router.daemons: \"bgpd\" stands there twice", "once"},
    {"\"zebra\", ", "", ":4: router.daemons: \"zebra\" is missing", "add \"zebra\""},
    {"\"staticd\"", "3", ":4: router.daemons[3]: is a whole number", "write a text"},
    {"config_dir = \"config\"", "config_dir = \"confg\"",
     ":5: router.config_dir: there is no folder", "correct the path"},
    {"config_dir = \"config\"", "config_dir = \"config\"\nstate_dir = \"/run/issu/edge1/state\"",
     ":6: router.state_dir", "a folder of its own"},
    {"keyring = \"keyring.pem\"", "keyring = \"kering.pem\"",
     ":9: images.keyring: there is no file", "PEM"},
    {"keyring = \"keyring.pem\"", "keyring = \"keyring.pem\"\nminimum_version = \"8 4\"",
     ":10: images.minimum_version: \"8 4\" is not a version", "at most 64"},
    {"keyring = \"keyring.pem\"", "keyring = \"keyring.pem\"\nminimum_kernel = \"\"",
     ":10: images.minimum_kernel: \"\" is not a version", "at most 64"},
    {"compatible = \"issu-frr-amd64\"", "", ":7: images.compatible: is missing", "add compatible"},
    {"name = \"east\"", "name = \"east/0\"", ":12: port[1].name: \"east/0\" has a character",
     "a-z"},
    {"name = \"east\"", "name = \"sixteen-letters1\"",
     ":12: port[1].name: \"sixteen-letters1\" has 16", "at most 15"},
    {"name = \"west\"", "name = \"east\"", ":17: port[2].name: \"east\" is the name of two ports",
     "rename"},
    {"192.0.2.5/30", "192.0.2.1/30", ":18: port[2].addresses: \"192.0.2.1/30\" is used twice",
     "an address of its own"},
    {"192.0.2.5/30", "192.0.2.1/24",
     "is used twice, first as 192.0.2.1/30 of port \"east\", line 13", "an address of its own"},
    {"192.0.2.5/30", "2001:DB8:0:1:0::1/56", "is used twice", "an address of its own"},
    {"192.0.2.5/30", "192.0.2.5/33", ":18: port[2].addresses: \"192.0.2.5/33\" has a prefix length",
     "1 to 32"},
    {"192.0.2.5/30", "192.0.2.555/30", ":18: port[2].addresses", "192.0.2.1/24"},
    {"192.0.2.5/30", "192.0.2.4/30", "is the subnet itself", "an address of its own"},
    {"addresses = [\"192.0.2.5/30\"]", "", ":16: port[2].addresses: is missing", "add addresses"},
    {"device = \"enp1s0\"", "", ":16: port[2]: says neither device nor peer", "device ="},
    {"device = \"enp1s0\"", "device = \"enp1s0\"\npeer = { netns = \"x\", name = \"y\" }",
     ":20: port[2].peer: stands beside device", "take one away"},
    {"device = \"enp1s0\"", "device = \"enp1s0/1\"", ":19: port[2].device", "a-z"},
    {"name = \"up0\" }", "nmae = \"up0\" }", "port[1].peer.nmae: is not a key", "\"name\"?"},
    {"suite = \"frr\"", "suite = \"frr\"\nuser_namespace = 100000",
     "router.user_namespace: is neither true nor false nor the first", "589824"},
    {"mtu = 9000", "mtu = 12", ":20: port[2].mtu: 12 is out of range", "68 to 65535"},
    {"mtu = 9000", "mtu = 1500.5", ":20: port[2].mtu: is a number with a fraction", "whole number"},
    {"to = \"peer-west\"", "to = \"peer-east\"", ":25: probe[1].to: \"peer-east\" is where",
     "other side"},
    {"to = \"peer-west\"", "to = \"a/b\"", ":25: probe[1].to: \"a/b\" has a character", "a-z"},
    {"source = \"192.0.2.2\"", "source = \"2001:db8::2\"", ":26: probe[1].source", "family"},
    {"source = \"192.0.2.2\"", "source = \"here\"", ":26: probe[1].source: \"here\" is not",
     "write it"},
    {"10.0.0.0/24", "10.0.0.1/24", ":27: probe[1].destinations[1].first: \"10.0.0.1/24\"", ""},
    {"10.128.0.0/20", "2001:db8::/32",
     "probe[1].destinations[2].first: \"2001:db8::/32\" is of another", "for each family"},
    {"count = 500", "count = 0", "probe[1].destinations[1].count: 0 is out of range", "1 to"},
    {"first = \"10.0.0.0/24\", count = 500", "first = \"255.0.0.0/8\", count = 2",
     "2 prefixes do not fit behind 255.0.0.0/8", "begin earlier"},
    {"rate_pps = 5000", "rate_pps = 0", ":28: probe[1].rate_pps: 0 is out of range", "1 to"},
    {"rate_pps = 5000", "rate_pps = nan", ":28: probe[1].rate_pps", "1 to"},
    {"rate_pps = 5000", "payload_bytes = 31", ":28: probe[1].payload_bytes: 31", "32 to"},
    {"kind = \"bird\"", "kind = \"quagga\"", ":32: peer[1].kind: \"quagga\" is not known",
     "bird, frr"},
    {"kind = \"bird\"", "kind = \"frr\"", ":34: peer[1].sessions: \"router4\" is not an IP address",
     "router's addresses"},
    {"sessions = [\"router4\", \"router6\"]", "", ":30: peer[1].sessions: is missing", "protocols"},
    {"control = \"run/bird.ctl\"", "", ":30: peer[1].control: is missing", "add control"},
    {"lost_packets = 3", "lost_packets = -1", ":37: budget.lost_packets: -1 is out of range",
     "0 to"},
    {"lost_packets = 3", "stale_fraction = 1.5", ":37: budget.stale_fraction: 1.5", "0 to 1"},
    {"lost_packets = 3", "control_plane_dark_ms = 0", ":37: budget.control_plane_dark_ms", "1 to"},
    {"soak_s = 10.5", "quiet_s = 2.9", ":40: timers.quiet_s: 2.9 is out of range", "3 to"},
    {"soak_s = 10.5", "converge_s = 10\nquiet_s = 10", ":41: timers.quiet_s: is not shorter",
     "less than"},
    {"soak_s = 10.5", "soak_s = \"10\"", ":40: timers.soak_s: is a text, a number is wanted",
     "a number"},
    {"soak_s = 10.5", "deadlines = { freez = 5 }", "timers.deadlines.freez: is not a key",
     "\"freeze\"?"},
    {"soak_s = 10.5", "deadlines = { freeze = 0 }", "timers.deadlines.freeze: 0 is out of range",
     "1 to"},
    {"soak_s = 10.5", "converge_s = 1", ":40: timers.converge_s: 1 is out of range", "5 to"},
};

}  // namespace

TEST_CASE("every slip is refused by line and key, with what to do") {
  const SampleFolder folder;
  for (const Refusal& refusal : kRefusals) {
    CAPTURE(refusal.new_text);
    const std::string text = with(refusal.old_text, refusal.new_text);
    REQUIRE(text.find("sample has no") == std::string::npos);
    const auto loaded = folder.load(text);
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().kind() == ErrorKind::refused);
    const std::string message = loaded.error().message();
    CAPTURE(message);
    CHECK(message.find((folder.path() / "router.toml").string()) != std::string::npos);
    CHECK(message.find(refusal.told) != std::string::npos);
    CHECK(message.find(refusal.hint) != std::string::npos);
    CHECK_FALSE(loaded.error().hint().empty());
  }
}

TEST_CASE("missing sections are told") {
  const SampleFolder folder;
  const auto loaded = folder.load("");
  REQUIRE_FALSE(loaded);
  const std::string message = loaded.error().message();
  CHECK(message.find("router: the section is missing") != std::string::npos);
  CHECK(message.find("images: the section is missing") != std::string::npos);
  CHECK(message.find("port: the router has no port") != std::string::npos);
}

TEST_CASE("all that is wrong is told at once, in the order of the file") {
  const SampleFolder folder;
  std::string text = with("suite = \"frr\"", "siute = \"frr\"");
  text.replace(text.find("192.0.2.5/30"), 12, "192.0.2.1/30");
  text += "quiet_s = 1\n";
  const auto loaded = folder.load(text);
  REQUIRE_FALSE(loaded);
  const std::string message = loaded.error().message();
  const auto typo = message.find("siute");
  const auto twice = message.find("used twice");
  const auto quiet = message.find("quiet_s");
  CHECK(typo != std::string::npos);
  CHECK(twice != std::string::npos);
  CHECK(quiet != std::string::npos);
  CHECK(typo < twice);
  CHECK(twice < quiet);
}

TEST_CASE("a section of the wrong shape is told") {
  const SampleFolder folder;
  const auto table = folder.load(with("[[peer]]", "[peer]"));
  REQUIRE_FALSE(table);
  CHECK(table.error().message().find("peer: is a table, a list of tables") != std::string::npos);
  const auto list = folder.load(with("[budget]", "[[budget]]"));
  REQUIRE_FALSE(list);
  CHECK(list.error().message().find("budget: is a list, a table") != std::string::npos);
}
