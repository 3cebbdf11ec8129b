#include <doctest/doctest.h>

#include "backends/daemons/adjacency_answers.hpp"
#include "issu/base/file.hpp"

using namespace issu;
using namespace issu::backends;

namespace {

std::string data(const std::string& name) {
  auto text = read_file(std::string(ISSU_SOURCE_DIR) + "/tests/backends/daemons/data/" + name);
  REQUIRE(text);
  return *text;
}

}  // namespace

TEST_CASE("FRR's OSPF neighbours have the intervals of their interfaces") {
  auto neighbours = parse_frr_ospf_neighbors(data("frr-8.4.4-ospf-neighbors.json"));
  const auto interfaces = parse_frr_ospf_interfaces(data("frr-8.4.4-ospf-interfaces.json"));
  REQUIRE(neighbours);
  REQUIRE(interfaces);
  REQUIRE(neighbours->size() == 2);
  add_intervals(*neighbours, *interfaces);
  const AdjacencyView& east = (*neighbours)[0].view;
  CHECK(east.protocol == "ospf");
  CHECK(east.peer == "192.0.2.2");
  CHECK(east.interface == "east");
  CHECK(east.up);
  CHECK(east.state == "Full/DR");
  CHECK(east.interval_s == 1);
  CHECK(east.detects_s == 10);
  CHECK(east.endures_s() == 9);
  CHECK((*neighbours)[0].up_for_ms.has_value());
  CHECK((*neighbours)[1].view.peer == "192.0.2.6");
}

TEST_CASE("FRR's OSPF: no neighbours is no error, no JSON is one") {
  const auto none = parse_frr_ospf_neighbors(R"({"neighbors":{}})");
  REQUIRE(none);
  CHECK(none->empty());
  CHECK_FALSE(parse_frr_ospf_neighbors("% Unknown command").has_value());
  CHECK_FALSE(parse_frr_ospf_interfaces("OSPF Routing Process not enabled").has_value());
}

TEST_CASE("BIRD's OSPF neighbours have the intervals of their interfaces") {
  auto neighbours = parse_bird_ospf_neighbors(data("bird-2.0.12-ospf-neighbors.txt"));
  const auto interfaces = parse_bird_ospf_interfaces(data("bird-2.0.12-ospf-interfaces.txt"));
  REQUIRE(neighbours.size() == 1);
  add_intervals(neighbours, interfaces);
  CHECK(neighbours[0].view.peer == "192.0.2.1");
  CHECK(neighbours[0].view.state == "Full/BDR");
  CHECK(neighbours[0].view.up);
  CHECK(neighbours[0].view.interface == "router");
  CHECK(neighbours[0].view.endures_s() == 9);
}

TEST_CASE("a neighbour that is not Full, or without intervals, endures nothing that is known") {
  auto neighbours = parse_bird_ospf_neighbors(
      "ospf4:\n192.0.2.1   \t  1\tExStart/DR  \t 9.416\trouter     192.0.2.1\n");
  REQUIRE(neighbours.size() == 1);
  CHECK_FALSE(neighbours[0].view.up);
  CHECK_FALSE(neighbours[0].view.endures_s());
}

TEST_CASE("BFD: the other end gives up after our multiplier times the slower of the intervals") {
  const auto sessions = parse_frr_bfd_peers(
      R"([{"peer":"192.0.2.2","interface":"east","status":"up","uptime":12,
           "detect-multiplier":5,"receive-interval":300,"transmit-interval":300,
           "remote-receive-interval":1000,"remote-transmit-interval":1000,
           "remote-detect-multiplier":3},
          {"peer":"192.0.2.6","status":"down","detect-multiplier":3,"transmit-interval":300}])");
  REQUIRE(sessions);
  REQUIRE(sessions->size() == 2);
  CHECK((*sessions)[0].view.up);
  CHECK((*sessions)[0].view.detects_s == doctest::Approx(5));
  CHECK((*sessions)[0].view.endures_s() == doctest::Approx(4));
  CHECK_FALSE((*sessions)[1].view.endures_s());
  const auto bird = parse_bird_bfd_sessions(
      "BIRD 2.0.12 ready.\nbfd1:\nIP address                Interface  State      Since         "
      "Interval  Timeout\n192.0.2.5                 router     Up         2026-11-26 22:19:21.576  "
      "  1.000    3.000\n");
  REQUIRE(bird.size() == 1);
  CHECK(bird[0].view.peer == "192.0.2.5");
  CHECK(bird[0].view.up);
  CHECK(bird[0].since == "2026-11-26 22:19:21.576");
  CHECK(bird[0].view.endures_s() == doctest::Approx(2));
}
