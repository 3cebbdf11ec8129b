#include "state-sync/fib_message.hpp"

#include <doctest/doctest.h>
#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <vector>

using namespace issu::state_sync;

namespace {

using Datagram = std::vector<std::byte>;

template <typename T>
void put(Datagram& out, const T& value) {
  const std::size_t start = out.size();
  out.resize(start + sizeof value);
  std::memcpy(out.data() + start, &value, sizeof value);
}

template <typename T>
void put_attribute(Datagram& out, unsigned short type, const T& value) {
  put(out, rtattr{static_cast<unsigned short>(sizeof(rtattr) + sizeof value), type});
  put(out, value);
  out.resize((out.size() + 3) & ~std::size_t{3});
}

struct Shape {
  unsigned short type = RTM_NEWROUTE;
  unsigned char table = RT_TABLE_MAIN;
  unsigned char kind = RTN_UNICAST;
  unsigned char length = 24;
  unsigned flags = 0;
  std::optional<std::uint32_t> wide_table;
};

Datagram route_message(const Shape& shape = {}) {
  Datagram out;
  put(out, nlmsghdr{0, shape.type, 0, 7, 4711});
  rtmsg body{};
  body.rtm_family = AF_INET;
  body.rtm_dst_len = shape.length;
  body.rtm_table = shape.table;
  body.rtm_protocol = 186;
  body.rtm_type = shape.kind;
  body.rtm_flags = shape.flags;
  put(out, body);
  put_attribute(out, RTA_DST, std::array<std::uint8_t, 4>{10, 1, 2, 0});
  put_attribute(out, RTA_PRIORITY, std::uint32_t{20});
  put_attribute(out, RTA_NH_ID, std::uint32_t{15});
  if (shape.wide_table) {
    put_attribute(out, RTA_TABLE, *shape.wide_table);
  }
  const auto size = static_cast<std::uint32_t>(out.size());
  std::memcpy(out.data(), &size, sizeof size);
  return out;
}

/// Where the fields of `route_message` lie.
constexpr std::size_t first_attribute = sizeof(nlmsghdr) + sizeof(rtmsg);

struct Parsed {
  bool sound = false;
  std::vector<FibEvent> events;
};

/// Parses a copy that ends where its memory ends: a read behind it is seen by the sanitizer.
Parsed parsed(const Datagram& datagram) {
  const auto exact = std::make_unique<std::byte[]>(datagram.size());
  std::copy(datagram.begin(), datagram.end(), exact.get());
  Parsed result;
  result.sound = parse_fib_datagram({exact.get(), datagram.size()},
                                    [&](const FibEvent& event) { result.events.push_back(event); });
  return result;
}

void overwrite(Datagram& datagram, std::size_t at, std::uint16_t value) {
  std::memcpy(datagram.data() + at, &value, sizeof value);
}

}  // namespace

TEST_CASE("a route's notification is read") {
  const auto result = parsed(route_message());
  REQUIRE(result.sound);
  REQUIRE(result.events.size() == 1);
  const FibEvent& event = result.events[0];
  CHECK(event.kind == FibEvent::Kind::route_present);
  CHECK(event.route.prefix.text() == "10.1.2.0/24");
  CHECK(event.route.metric == 20);
  CHECK(event.route.nexthop == 15);
  CHECK(event.route.protocol == 186);
  CHECK(event.sender == 4711);
  CHECK(event.sequence == 7);
}

TEST_CASE("what is not a route of the main table is left out") {
  CHECK(parsed(route_message({.table = RT_TABLE_LOCAL})).events.empty());
  CHECK(parsed(route_message({.table = RT_TABLE_COMPAT, .wide_table = 1000})).events.empty());
  CHECK(parsed(route_message({.kind = RTN_LOCAL})).events.empty());
  CHECK(parsed(route_message({.flags = RTM_F_CLONED})).events.empty());
  CHECK(parsed(route_message({.kind = RTN_BLACKHOLE})).events.size() == 1);
  CHECK(parsed(route_message({.table = RT_TABLE_COMPAT, .wide_table = 254})).events.size() == 1);
}

TEST_CASE("several messages in a datagram come in their order") {
  auto two = route_message();
  const auto second = route_message({.type = RTM_DELROUTE});
  two.insert(two.end(), second.begin(), second.end());
  const auto result = parsed(two);
  CHECK(result.sound);
  REQUIRE(result.events.size() == 2);
  CHECK(result.events[1].kind == FibEvent::Kind::route_removed);
}

TEST_CASE("lengths that overrun are faults, and nothing behind the datagram is read") {
  SUBCASE("of the message") {
    auto datagram = route_message();
    overwrite(datagram, 0, static_cast<std::uint16_t>(datagram.size() + 1));
    CHECK_FALSE(parsed(datagram).sound);
    overwrite(datagram, 0, 15);
    CHECK_FALSE(parsed(datagram).sound);
    overwrite(datagram, 0, 0);
    CHECK_FALSE(parsed(datagram).sound);
  }
  SUBCASE("of an attribute") {
    auto datagram = route_message();
    for (const unsigned length : {0U, 1U, 3U, 60U, 65535U}) {
      CAPTURE(length);
      overwrite(datagram, first_attribute, static_cast<std::uint16_t>(length));
      const auto result = parsed(datagram);
      CHECK_FALSE(result.sound);
      CHECK(result.events.empty());
    }
  }
  SUBCASE("of an address that does not fit its family") {
    auto datagram = route_message();
    overwrite(datagram, first_attribute, 4 + 3);
    CHECK_FALSE(parsed(datagram).sound);
    CHECK_FALSE(parsed(route_message({.length = 33})).sound);
  }
  SUBCASE("what came before the fault was delivered") {
    auto two = route_message();
    const auto second = route_message();
    two.insert(two.end(), second.begin(), second.end() - 5);
    const auto result = parsed(two);
    CHECK_FALSE(result.sound);
    CHECK(result.events.size() == 1);
  }
}

TEST_CASE("every truncation of a datagram is survived") {
  const auto whole = route_message();
  for (std::size_t length = 1; length < whole.size(); ++length) {
    CAPTURE(length);
    CHECK_FALSE(parsed(Datagram(whole.begin(), whole.begin() + static_cast<long>(length))).sound);
  }
  CHECK(parsed({}).sound);
}

TEST_CASE("random damage is survived") {
  std::mt19937 random(20260101);
  for (int round = 0; round < 20'000; ++round) {
    auto datagram = route_message();
    for (int hit = 0; hit < 3; ++hit) {
      datagram[random() % datagram.size()] = static_cast<std::byte>(random() & 0xffU);
    }
    for (const FibEvent& event : parsed(datagram).events) {
      CHECK(event.route.prefix.length <= 128);
    }
  }
}

TEST_CASE("nexthop objects, answers and ends of dumps") {
  Datagram nexthop;
  put(nexthop, nlmsghdr{sizeof(nlmsghdr) + sizeof(nhmsg) + 8, RTM_DELNEXTHOP, 0, 0, 0});
  put(nexthop, nhmsg{});
  put_attribute(nexthop, NHA_ID, std::uint32_t{42});
  const auto removed = parsed(nexthop);
  REQUIRE(removed.events.size() == 1);
  CHECK(removed.events[0].kind == FibEvent::Kind::nexthop_removed);
  CHECK(removed.events[0].nexthop == 42);

  Datagram done;
  put(done, nlmsghdr{sizeof(nlmsghdr) + 4, NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR, 3, 0});
  put(done, std::int32_t{0});
  const auto end = parsed(done);
  REQUIRE(end.events.size() == 1);
  CHECK(end.events[0].kind == FibEvent::Kind::dump_end);
  CHECK(end.events[0].interrupted);

  Datagram answer;
  put(answer, nlmsghdr{sizeof(nlmsghdr) + 4, NLMSG_ERROR, 0, 9, 0});
  put(answer, std::int32_t{-3});
  const auto told = parsed(answer);
  REQUIRE(told.events.size() == 1);
  CHECK(told.events[0].kind == FibEvent::Kind::answer);
  CHECK(told.events[0].error == 3);
  CHECK(told.events[0].sequence == 9);
}

TEST_CASE("a request to delete names exactly one route") {
  Route route{Prefix::parse("2001:db8::/32").value(), 0, 12, 32, 5, false};
  Datagram batch;
  append_delete_request(batch, route, 1, false);
  append_delete_request(batch, route, 2, true);
  // Read as the notification that it looks like, but for its type of route.
  Datagram readable = batch;
  const std::size_t kind = sizeof(nlmsghdr) + offsetof(rtmsg, rtm_type);
  readable[kind] = readable[batch.size() / 2 + kind] = std::byte{RTN_UNICAST};
  const auto result = parsed(readable);
  REQUIRE(result.sound);
  REQUIRE(result.events.size() == 2);
  CHECK(result.events[1].kind == FibEvent::Kind::route_removed);
  CHECK(result.events[1].route == route);
  CHECK(result.events[1].sequence == 2);
}
