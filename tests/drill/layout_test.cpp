#include "issu/drill/layout.hpp"

#include <doctest/doctest.h>

using namespace issu;
using drill::cover;

namespace {

std::vector<std::string> texts(const char* first, std::uint64_t count) {
  std::vector<std::string> all;
  for (const auto& prefix : cover({state_sync::Prefix::parse(first).value(), count})) {
    all.push_back(prefix.text());
  }
  return all;
}

}  // namespace

TEST_CASE("a range is covered exactly, by as few blocks as can be") {
  using Texts = std::vector<std::string>;
  CHECK(texts("10.0.0.0/24", 1) == Texts{"10.0.0.0/24"});
  CHECK(texts("10.0.0.0/24", 256) == Texts{"10.0.0.0/16"});
  CHECK(texts("10.0.1.0/24", 3) == Texts{"10.0.1.0/24", "10.0.2.0/23"});
  CHECK(texts("10.0.0.0/24", 40000) ==
        Texts{"10.0.0.0/9", "10.128.0.0/12", "10.144.0.0/13", "10.152.0.0/14", "10.156.0.0/18"});
  CHECK(texts("2001:db8:1000::/48", 20) == Texts{"2001:db8:1000::/44", "2001:db8:1010::/46"});
  CHECK(texts("0.0.0.0/1", 2) == Texts{"0.0.0.0/0"});
}

TEST_CASE("names, ports and addresses of two labs never meet") {
  drill::LabSpec lab;
  lab.peers.resize(60);
  for (std::size_t i = 0; i < lab.peers.size(); ++i) {
    lab.peers[i].name = "p" + std::to_string(i);
  }
  const auto layout = drill::lay_out(lab, "drill-4711", "/tmp/issu-drill-4711");
  CHECK(layout.peers[0].netns == "drill-4711-p0");
  CHECK(layout.peers[0].router4 == "192.0.2.1");
  CHECK(layout.peers[59].peer4 == "192.0.2.238");
  CHECK(layout.peers[59].router6 == "2001:db8:0:3c::1");
  CHECK(layout.run_dir() == "/run/issu/drill-4711");
  CHECK(drill::lay_out(lab, "drill-12", "/tmp/x").chassis() != layout.chassis());
}

TEST_CASE("routes are counted by family") {
  drill::PeerSpec peer;
  peer.announce = {{state_sync::Prefix::parse("10.0.0.0/24").value(), 300},
                   {state_sync::Prefix::parse("2001:db8::/48").value(), 20},
                   {state_sync::Prefix::parse("172.16.0.0/28").value(), 5}};
  const auto count = drill::announced({peer, peer});
  CHECK(count.ipv4 == 610);
  CHECK(count.ipv6 == 40);
}
