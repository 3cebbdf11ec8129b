#include "issu/config/address.hpp"

#include <doctest/doctest.h>

using namespace issu::config;

TEST_CASE("addresses that an interface can have") {
  for (const char* good : {"192.0.2.1/24", "10.0.0.0/31", "10.0.0.5/32", "2001:db8::1/64",
                           "fe80::1/64", "2001:db8::/127"}) {
    CAPTURE(good);
    CHECK(InterfaceAddress::parse(good));
  }
}

TEST_CASE("addresses that an interface can't have") {
  for (const char* bad : {"",
                          "192.0.2.1",
                          "192.0.2.1/",
                          "192.0.2.1/33",
                          "192.0.2.1/0",
                          "192.0.2.1/x",
                          "192.0.2.1/24 ",
                          "192.0.2.256/24",
                          "192.0.2.0/24",
                          "192.0.2.255/24",
                          "0.0.0.0/8",
                          "127.0.0.1/8",
                          "224.0.0.5/24",
                          "2001:db8::1/129",
                          "::1/128",
                          "::/64",
                          "ff02::1/64",
                          "fe80::1%eth0/64",
                          "192.0.2.1/-1",
                          "192.0.2.1/24/24"}) {
    CAPTURE(bad);
    const auto address = InterfaceAddress::parse(bad);
    REQUIRE_FALSE(address);
    CHECK_FALSE(address.error().hint().empty());
  }
}

TEST_CASE("names") {
  CHECK(check_interface_name("swp1.100"));
  CHECK(check_interface_name("fifteen-letters"));
  for (const char* bad :
       {"", "sixteen-letters!", "sixteen-letters1", "a/b", "a b", ".", "..", "a:1"}) {
    CAPTURE(bad);
    CHECK_FALSE(check_interface_name(bad));
  }
  CHECK(check_router_name("edge-1"));
  for (const char* bad : {"Edge", "-edge", "edge-", "e_1", "abcdefghijklmnopqrstuvwxy"}) {
    CAPTURE(bad);
    CHECK_FALSE(check_router_name(bad));
  }
  CHECK_FALSE(check_netns_name(std::string(65, 'n')));
}
