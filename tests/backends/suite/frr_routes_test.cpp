#include "backends/suite/frr_routes.hpp"

#include <doctest/doctest.h>

using namespace issu;
using namespace issu::backends;

namespace {

std::vector<std::string> texts(const std::vector<state_sync::Prefix>& prefixes) {
  std::vector<std::string> result;
  for (const auto& prefix : prefixes) {
    result.push_back(prefix.text());
  }
  return result;
}

}  // namespace

TEST_CASE("zebra's list: only what a daemon of this life announced and zebra selected") {
  const char* json = R"({
    "10.0.0.0/24":[{"protocol":"bgp","selected":true,"internalFlags":8,
                    "nexthops":[{"flags":3,"ip":"192.0.2.2","protocol":"connected"}]}],
    "10.0.1.0/24":[{"protocol":"bgp","selected":true,"internalFlags":10,"nexthops":[]}],
    "10.0.2.0/24":[{"protocol":"bgp","internalFlags":8,"nexthops":[]},
                   {"protocol":"static","selected":true,"internalFlags":73,"nexthops":[]}],
    "10.0.3.0/24":[{"protocol":"connected","selected":true,"internalFlags":0}],
    "10.0.4.0/24":[{"protocol":"kernel","selected":true,"internalFlags":0}],
    "2001:db8::/32":[{"protocol":"static","selected":true,"internalFlags":8}]})";
  std::vector<state_sync::Prefix> routes;
  REQUIRE(parse_zebra_routes(json, routes).has_value());
  CHECK(texts(routes) == std::vector<std::string>{"10.0.0.0/24", "10.0.2.0/24", "2001:db8::/32"});
  REQUIRE(parse_zebra_routes("{}", routes).has_value());
  CHECK(routes.size() == 3);
}

TEST_CASE("bgpd's table: best paths, those made here apart") {
  const char* json = R"json({"vrfId":0,"routes":{
    "10.0.0.0/24":[{"valid":true,"peerId":"192.0.2.2","nexthops":[{"ip":"192.0.2.2"}]},
                   {"valid":true,"bestpath":true,"peerId":"192.0.2.6","nexthops":[]}],
    "10.0.1.0/24":[{"stale":true,"valid":true,"peerId":"192.0.2.2"}],
    "10.0.0.0/8":[{"valid":true,"bestpath":true,"peerId":"(unspec)"}]
    }, "totalRoutes":3, "totalPaths":4})json";
  auto routes = parse_bgp_routes(json);
  REQUIRE(routes.has_value());
  CHECK(texts(routes->learned) == std::vector<std::string>{"10.0.0.0/24"});
  CHECK(texts(routes->local) == std::vector<std::string>{"10.0.0.0/8"});
}

TEST_CASE("a list that was cut short is an error") {
  std::vector<state_sync::Prefix> routes;
  CHECK_FALSE(parse_zebra_routes(R"({"10.0.0.0/24":[{"protocol":"bgp")", routes).has_value());
  CHECK_FALSE(parse_zebra_routes("", routes).has_value());
  CHECK_FALSE(parse_bgp_routes("% Unknown command").has_value());
}
