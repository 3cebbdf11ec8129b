#include "state-sync/prefix.hpp"

#include <doctest/doctest.h>

#include <limits>

using issu::state_sync::nth_after;
using issu::state_sync::Prefix;

namespace {
Prefix at(const char* text) {
  return Prefix::parse(text).value();
}
}  // namespace

TEST_CASE("a prefix that was read is written the same way") {
  for (const char* text : {"0.0.0.0/0", "10.0.0.0/8", "192.0.2.128/25", "192.0.2.1/32", "::/0",
                           "2001:db8::/32", "2001:db8::1/128", "fe80::/10", "128.0.0.0/1"}) {
    CAPTURE(text);
    CHECK(at(text).text() == text);
  }
}

TEST_CASE("what is no prefix is refused") {
  for (const char* text : {"", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
                           "10.0.0.0/08", "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0/8", "10.0.0.1/24",
                           "256.0.0.0/8", "2001:db8::/129", "2001:db8::1/64", "2001:db8:/32",
                           "10.0.0.0/8/8", "10.0.0.0/+8", "::/", "10.0.0.0/99999999999999999999"}) {
    CAPTURE(text);
    const auto prefix = Prefix::parse(text);
    REQUIRE_FALSE(prefix);
    CHECK(prefix.error().what().find("is no prefix") != std::string::npos);
  }
  CHECK_FALSE(Prefix::parse(std::string_view("10.0.0.0\0x/8", 12)));
}

TEST_CASE("prefixes order by family, then address, then length") {
  CHECK(at("192.0.2.0/24") < at("2001:db8::/32"));
  CHECK(at("10.0.0.0/8") < at("11.0.0.0/8"));
  CHECK(at("10.0.0.0/24") < at("11.0.0.0/8"));
  CHECK(at("10.0.0.0/8") < at("10.0.0.0/9"));
  CHECK(at("10.0.0.0/8") == at("10.0.0.0/8"));
}

TEST_CASE("the n-th prefix after") {
  CHECK(nth_after(at("10.0.0.0/24"), 0) == at("10.0.0.0/24"));
  CHECK(nth_after(at("10.0.0.0/24"), 2) == at("10.0.2.0/24"));
  CHECK(nth_after(at("10.0.255.0/24"), 1) == at("10.1.0.0/24"));
  CHECK(nth_after(at("10.0.0.0/22"), 3) == at("10.0.12.0/22"));
  CHECK(nth_after(at("10.0.0.0/22"), 100'000) == at("16.26.128.0/22"));
  CHECK(nth_after(at("10.0.0.255/32"), 1) == at("10.0.1.0/32"));
  CHECK(nth_after(at("0.0.0.0/1"), 1) == at("128.0.0.0/1"));
  CHECK(nth_after(at("2001:db8::/48"), 65'536) == at("2001:db9::/48"));
  CHECK(nth_after(at("2001:db8::/33"), 1) == at("2001:db8:8000::/33"));
}

TEST_CASE("the n-th prefix wraps at the end of the address space") {
  CHECK(nth_after(at("255.255.255.0/24"), 1) == at("0.0.0.0/24"));
  CHECK(nth_after(at("128.0.0.0/1"), 3) == at("0.0.0.0/1"));
  CHECK(nth_after(at("0.0.0.0/0"), 7) == at("0.0.0.0/0"));
  CHECK(nth_after(at("ffff:ffff::/32"), 1) == at("::/32"));
}

TEST_CASE("large steps carry through all bytes") {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  CHECK(nth_after(at("::/128"), most) == at("::ffff:ffff:ffff:ffff/128"));
  CHECK(nth_after(at("::1/128"), most) == at("0:0:0:1::/128"));
  CHECK(nth_after(at("::/121"), most) == at("0:0:0:7f:ffff:ffff:ffff:ff80/121"));
  CHECK(nth_after(at("::80/121"), most) == at("0:0:0:80::/121"));
}
