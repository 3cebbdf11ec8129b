#include "state-sync/tables/writer.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <set>
#include <thread>

#include "tests/state-sync/tables/tables_lab.hpp"

using namespace issu::tables;
using namespace issu::tables::tests;

TEST_CASE("The longest prefix wins, and what it covered comes back") {
  Lab lab;
  const NextHopId a = lab.gateway(1);
  const NextHopId b = lab.gateway(2);
  const NextHopId c = lab.gateway(3);
  REQUIRE(lab.set("10.0.0.0/8", a));
  REQUIRE(lab.set("10.1.0.0/16", b));
  REQUIRE(lab.set("10.1.2.128/25", c));
  CHECK(lab.lookup("10.0.0.1") == a);
  CHECK(lab.lookup("10.1.2.127") == b);
  CHECK(lab.lookup("10.1.2.128") == c);
  CHECK(lab.lookup("11.0.0.1") == 0);
  CHECK(lab.remove("10.1.0.0/16"));
  CHECK(lab.lookup("10.1.2.127") == a);
  CHECK(lab.lookup("10.1.2.200") == c);
  CHECK(lab.remove("10.1.2.128/25"));
  CHECK(lab.lookup("10.1.2.200") == a);
  CHECK_FALSE(lab.remove("10.1.2.128/25"));
  CHECK(lab.remove("10.0.0.0/8"));
  CHECK(lab.lookup("10.0.0.1") == 0);
}

TEST_CASE("IPv6, every length from 0 to 128 around one address") {
  Lab lab;
  const NextHopId a = lab.gateway(1);
  const NextHopId b = lab.gateway(2);
  const Prefix host = Prefix::parse("2001:db8:1:2:3:4:5:6/128").value();
  for (unsigned length = 0; length <= 128; ++length) {
    Prefix prefix = host;
    prefix.length = static_cast<std::uint8_t>(length);
    for (unsigned bit = length; bit < 128; ++bit) {
      prefix.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
    }
    CAPTURE(length);
    REQUIRE(lab.writer.set_route(prefix, length % 2 == 0 ? a : b, {}));
    CHECK(lab.lookup("2001:db8:1:2:3:4:5:6") == (length % 2 == 0 ? a : b));
  }
  CHECK(lab.lookup("2001:db8:1:2:3:4:5:7") == b);  // the /127
  CHECK(lab.lookup("::1") == a);                   // the default
  CHECK(lab.remove("2001:db8:1:2:3:4:5:6/128"));
  CHECK(lab.lookup("2001:db8:1:2:3:4:5:6") == b);
}

TEST_CASE("Default routes of both families") {
  Lab lab;
  const NextHopId a = lab.gateway(1);
  const NextHopId b = lab.gateway(2);
  REQUIRE(lab.set("0.0.0.0/0", a));
  REQUIRE(lab.set("::/0", b));
  REQUIRE(lab.set("10.0.0.0/8", b));
  CHECK(lab.lookup("192.0.2.1") == a);
  CHECK(lab.lookup("10.0.0.1") == b);
  CHECK(lab.lookup("2001:db8::1") == b);
  CHECK(lab.remove("10.0.0.0/8"));
  CHECK(lab.lookup("10.0.0.1") == a);
  CHECK(lab.remove("0.0.0.0/0"));
  CHECK(lab.lookup("10.0.0.1") == 0);
}

TEST_CASE("Routes can be asked for") {
  Lab lab;
  const NextHopId a = lab.gateway(1);
  REQUIRE(lab.set("10.0.0.0/8", a));
  REQUIRE(
      lab.writer.set_route(Prefix::parse("192.0.2.0/24").value(), a, {2, 0, RouteOwner::chassis}));
  REQUIRE(lab.set("2001:db8::/32", a));
  const auto found = lab.writer.find(Prefix::parse("10.0.0.0/8").value());
  REQUIRE(found.has_value());
  CHECK(found->nexthop == a);
  CHECK(found->info == RouteInfo{186, 20, RouteOwner::daemon});
  CHECK_FALSE(lab.writer.find(Prefix::parse("10.0.0.0/9").value()).has_value());
  std::set<std::string> seen;
  lab.writer.each_route([&](const RouteEntry& route) {
    seen.insert(route.prefix.text());
    return true;
  });
  CHECK(seen == std::set<std::string>{"10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32"});
  CHECK(lab.writer.counts().daemon4 == 1);
  CHECK(lab.writer.counts().daemon6 == 1);
  CHECK(lab.writer.counts().all == 3);
}

TEST_CASE("What is no prefix or no next hop is refused") {
  Lab lab;
  const NextHopId a = lab.gateway(1);
  Prefix odd = Prefix::parse("10.0.0.0/8").value();
  odd.bytes[3] = 1;
  CHECK_FALSE(lab.writer.set_route(odd, a, {}));
  odd = Prefix::parse("10.0.0.0/8").value();
  odd.length = 33;
  CHECK_FALSE(lab.writer.set_route(odd, a, {}));
  odd.family = 5;
  CHECK_FALSE(lab.writer.set_route(odd, a, {}));
  CHECK_FALSE(lab.set("10.0.0.0/8", 0));
  CHECK_FALSE(lab.set("10.0.0.0/8", a + 1));
  CHECK_FALSE(lab.set("10.0.0.0/8", 1U << 30U));
  CHECK(lab.writer.counts().all == 0);
  CHECK(lab.lookup("10.0.0.1") == 0);
}

TEST_CASE("A load stops at the first that fails, and says how many are set") {
  Lab lab;
  const NextHopId a = lab.gateway(1);
  std::vector<RouteChange> changes(3);
  changes[0] = {Prefix::parse("10.0.0.0/8").value(), a, {}};
  changes[1] = {Prefix::parse("11.0.0.0/8").value(), a + 1, {}};
  changes[2] = {Prefix::parse("12.0.0.0/8").value(), a, {}};
  std::size_t done = 7;
  const auto loaded = lab.writer.load(changes, &done);
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().message().find("11.0.0.0/8") != std::string::npos);
  CHECK(done == 1);
  CHECK(lab.lookup("10.0.0.1") == a);
  CHECK(lab.lookup("12.0.0.1") == 0);
}

TEST_CASE("There is one writer") {
  Lab lab;
  const auto second = Writer::open(lab.segment);
  REQUIRE_FALSE(second);
  CHECK(second.error().kind() == issu::ErrorKind::refused);
  CHECK(second.error().message().find("process " + std::to_string(getpid())) != std::string::npos);
  CHECK(lab.writer.check_epoch());
  lab.writer.release();
  CHECK_FALSE(lab.writer.check_epoch());
  CHECK(Writer::open(lab.segment));
}

TEST_CASE("A writer that takes over fences the one before") {
  Lab lab;
  const NextHopId a = lab.gateway(1);
  REQUIRE(lab.set("10.0.0.0/8", a));
  std::optional<Writer> second;
  std::thread other([&] {
    WriterOptions options;
    options.take_over = std::chrono::seconds(20);
    auto opened = Writer::open(lab.segment, options);
    if (opened) {
      second = std::move(*opened);
    }
  });
  // The first goes on until it hears of it; then every verb is refused.
  REQUIRE(issu::wait_until([&] { return !lab.writer.check_epoch(); },
                           issu::Deadline::in(std::chrono::seconds(20))));
  other.join();
  REQUIRE(second.has_value());
  const auto fenced = lab.set("11.0.0.0/8", a);
  REQUIRE_FALSE(fenced);
  CHECK(fenced.error().message().find("fenced") != std::string::npos);
  CHECK_FALSE(lab.writer.remove_route(Prefix::parse("10.0.0.0/8").value()));
  CHECK_FALSE(lab.writer.intern({}));
  CHECK_FALSE(lab.writer.hold(1));
  CHECK_FALSE(lab.writer.set_dark(true));
  CHECK(second->epoch() > lab.writer.epoch());
  CHECK(second->report().routes == 1);
  CHECK(second->report().repaired == 0);
  CHECK(lab.lookup("10.0.0.1") == a);
}

TEST_CASE("A take-over that comes to nothing says so") {
  Lab lab;
  WriterOptions options;
  options.take_over = std::chrono::milliseconds(30);
  const auto second = Writer::open(lab.segment, options);
  REQUIRE_FALSE(second);
  CHECK(second.error().kind() == issu::ErrorKind::timeout);
}
