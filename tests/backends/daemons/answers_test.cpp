#include <doctest/doctest.h>

#include "backends/daemons/bird_answers.hpp"
#include "backends/daemons/frr_answers.hpp"
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

TEST_CASE("FRR's neighbours: the fields of two releases") {
  for (const char* release : {"8.4.4", "10.3"}) {
    CAPTURE(release);
    auto neighbors = parse_frr_neighbors(data("frr-" + std::string(release) + "-neighbors.json"));
    REQUIRE(neighbors);
    REQUIRE(neighbors->size() == 2);
    const FrrNeighbor& up = (*neighbors)[0];
    CHECK(up.view.peer == "10.9.0.2");
    CHECK(up.view.established);
    CHECK(up.view.state == "Established");
    CHECK(up.view.graceful_restart);
    CHECK(up.view.end_of_rib);
    CHECK(up.view.prefixes == 2);
    CHECK(up.view.hold_time_s == 90);
    CHECK(up.established_count == 1);
    const FrrNeighbor& down = (*neighbors)[1];
    CHECK_FALSE(down.view.established);
    CHECK(down.view.state == "Active");
    CHECK_FALSE(down.view.graceful_restart);
    CHECK_FALSE(down.view.end_of_rib);
  }
}

TEST_CASE("FRR's neighbours: End-of-RIB of one family of two is not the end") {
  std::string text = data("frr-8.4.4-neighbors.json");
  const std::size_t at = text.find("\"endOfRibRecv\"");
  const std::size_t family = text.find("\"ipv6Unicast\": true", at);
  REQUIRE(family != std::string::npos);
  text.replace(family, 19, "\"ipv6Unicast\": false");
  auto neighbors = parse_frr_neighbors(text);
  REQUIRE(neighbors);
  CHECK_FALSE((*neighbors)[0].view.end_of_rib);
}

TEST_CASE("FRR's neighbours: what is not JSON is an error that quotes it") {
  auto neighbors = parse_frr_neighbors("% BGP instance not found");
  REQUIRE_FALSE(neighbors);
  CHECK(neighbors.error().what().find("BGP instance not found") != std::string::npos);
  CHECK_FALSE(parse_frr_neighbors("[1,2]"));
  CHECK(parse_frr_neighbors("{}")->empty());
}

TEST_CASE("FRR's route summary counts what daemons gave to zebra") {
  auto routes = parse_frr_route_summary(
      R"({"routes":[{"fib":1,"rib":1,"type":"connected"},{"fib":1,"rib":1,"type":"local"},
          {"fib":2,"rib":3,"type":"ebgp"},{"fib":1,"rib":1,"type":"static"}],"routesTotal":6})");
  REQUIRE(routes);
  CHECK(*routes == 4);
}

TEST_CASE("FRR's numbers that no counter ever is count as none") {
  auto routes = parse_frr_route_summary(
      R"({"routes":[{"rib":1e308,"type":"ebgp"},{"rib":-3,"type":"ebgp"},{"rib":"7","type":"ebgp"},
          {"rib":4,"type":"ebgp"}]})");
  REQUIRE(routes);
  CHECK(*routes == 4);
}

TEST_CASE("FRR's data-plane queues") {
  CHECK(parse_frr_dplane_queue("Route update queue depth: 17\nRoute update queue max:   50\n") ==
        17);
  CHECK(parse_frr_dplane_queue("Zebra dataplane providers:\nKernel (1): in: 9, q: 0, q_max: 4, "
                               "out: 9, q: 9, q_max: 9\n") == 0);
  CHECK(parse_frr_dplane_queue("dataplane Incoming Queue from Zebra: 3\n  Kernel (1): in: 9, q: 2, "
                               "q_max: 6, out: 9, q: 0, q_max: 6\n"
                               "dataplane Outgoing Queue to Zebra: 1\n") == 6);
}

TEST_CASE("FRR's version") {
  CHECK(parse_frr_version("FRRouting 8.4.4 (vm) on Linux(6.1.0).\nCopyright") == "8.4.4");
  CHECK(parse_frr_version("FRRouting 10.3 (vm) on Linux") == "10.3");
  CHECK(parse_frr_version("nothing").empty());
}

TEST_CASE("BIRD's protocols: a neighbour in graceful restart") {
  const auto protocols = parse_bird_protocols(data("bird-2.0.12-restarting.txt"));
  REQUIRE(protocols.size() == 2);
  CHECK(protocols[0].proto == "Static");
  const BirdProtocol& bgp = protocols[1];
  CHECK(bgp.name == "rt1");
  CHECK(bgp.state == "start");
  CHECK(bgp.since == "2026-11-23 13:32:32.066");
  CHECK(bgp.info == "Active Socket: Connection closed");
  CHECK(bgp.bgp_state == "Active");
  CHECK(bgp.neighbor == "10.9.0.1");
  CHECK(bgp.neighbor_restarting);
  CHECK_FALSE(bgp.established());
  REQUIRE(bgp.channels.size() == 2);
  CHECK(bgp.channels[0].neighbor_restarting);
  REQUIRE(bgp.channels[0].counters);
  CHECK(bgp.channels[0].counters->imported == 1);
  CHECK(bgp.channels[0].counters->updates_received == 1);
  CHECK(bgp.channels[0].counters->withdraws_accepted == 0);
}

TEST_CASE("BIRD's protocols: an established session") {
  const auto protocols = parse_bird_protocols(data("bird-2.0.12-established.txt"));
  REQUIRE(protocols.size() == 1);
  CHECK(protocols[0].established());
  CHECK(protocols[0].local_graceful_restart);
  CHECK(protocols[0].neighbor_graceful_restart);
  CHECK(protocols[0].hold_time_s == 90);
  REQUIRE(protocols[0].channels.size() == 2);
  CHECK(protocols[0].channels[0].counters->exported == 2);
  CHECK(protocols[0].channels[0].counters->withdraws_accepted == 1);
  CHECK_FALSE(protocols[0].channels[0].recovering);
}

TEST_CASE("BIRD's protocols: a short time in the list, and a channel that is down") {
  const auto protocols = parse_bird_protocols(
      "Name       Proto      Table      State  Since         Info\n"
      "p1         BGP        ---        start  10:11:12.123  Idle          Neighbor lost\n"
      "  BGP state:          Idle\n"
      "  Channel ipv4\n    State:          DOWN\n");
  REQUIRE(protocols.size() == 1);
  CHECK(protocols[0].since == "10:11:12.123");
  CHECK(protocols[0].info == "Idle Neighbor lost");
  CHECK_FALSE(protocols[0].channels.at(0).counters);
}

TEST_CASE("BIRD's routes") {
  const std::string answer =
      "Table master4:\n"
      "198.18.0.0/24        blackhole [s4 13:31:36.241] * (200)\n"
      "203.0.114.0/24       unicast [rt1 13:32:03.891] * (100) [AS65001?]\n"
      "\tvia 10.9.0.1 on r\n"
      "                     unicast [rt2 13:32:03.891] (100) [AS65001?]\n"
      "\nTable master6:\n"
      "2001:db8::/32        unreachable [s6 13:31:36.241] * (200)\n";
  const auto routes = parse_bird_routes(answer);
  REQUIRE(routes.size() == 3);
  CHECK(routes[1].text() == "203.0.114.0/24");
  CHECK(routes[2].text() == "2001:db8::/32");
  CHECK(parse_bird_route_count("2 of 2 routes for 2 networks in table master4\n"
                               "9 of 9 routes for 5 networks in table master6\n"
                               "Total: 11 of 11 routes for 7 networks in 2 tables\n") == 7);
}
