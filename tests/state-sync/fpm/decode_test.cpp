#include "state-sync/fpm/decode.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "state-sync/fpm/frames.hpp"
#include "tests/state-sync/fpm/messages.hpp"

namespace issu::fpm {
namespace {

using tests::ByteString;
using tests::operator+;

struct Heard {
  std::vector<RouteSaid> routes;
  std::vector<NextHopSaid> nexthops;
  Decoded decoded;
};

Heard hear(const ByteString& messages) {
  Heard heard;
  heard.decoded =
      decode(messages, {[&](const RouteSaid& route) { heard.routes.push_back(route); },
                        [&](const NextHopSaid& said) { heard.nexthops.push_back(said); }});
  return heard;
}

TEST_CASE("a route with one hop, with several, by id, and none") {
  const Heard heard =
      hear(tests::new_route("10.1.0.0/16", 0, {{"192.0.2.1", 3}}) +
           tests::new_route("2001:db8:1::/48", 0, {{"2001:db8::1", 3, 2}, {"2001:db8::2", 4, 5}}) +
           tests::new_route("10.2.0.0/16", 77) +
           tests::new_route("10.3.0.0/16", 0, {}, tests::bgp, RTN_BLACKHOLE) +
           tests::del_route("10.1.0.0/16"));
  CHECK(heard.decoded.sound);
  CHECK(heard.decoded.messages == 5);
  REQUIRE(heard.routes.size() == 5);
  CHECK(heard.routes[0].prefix.text() == "10.1.0.0/16");
  CHECK(heard.routes[0].metric == 20);
  REQUIRE(heard.routes[0].hops.size() == 1);
  CHECK(heard.routes[0].hops[0].ifindex == 3);
  CHECK(heard.routes[0].hops[0].family == 4);
  REQUIRE(heard.routes[1].hops.size() == 2);
  CHECK(heard.routes[1].hops[1].ifindex == 4);
  CHECK(heard.routes[1].hops[1].weight == 5);
  CHECK(heard.routes[1].hops[1].family == 6);
  CHECK(heard.routes[2].nexthop_id == 77);
  CHECK(heard.routes[2].hops.empty());
  CHECK(heard.routes[3].action == Action::blackhole);
  CHECK(heard.routes[4].removed);
}

TEST_CASE("an IPv4 route by way of an IPv6 gateway, and one with an encapsulation") {
  ByteString route;
  const std::size_t start = tests::begin_message(route, RTM_NEWROUTE);
  tests::put_route_head(route, "10.9.0.0/16", tests::bgp, RTN_UNICAST);
  ByteString via;
  tests::put(via, std::uint16_t{AF_INET6});
  tests::put_attribute(route, RTA_VIA, via + tests::address("fe80::1"));
  tests::put_value(route, RTA_OIF, std::uint32_t{5});
  tests::put_value(route, RTA_ENCAP, std::uint32_t{0});
  tests::end_message(route, start);
  const Heard heard = hear(route);
  REQUIRE(heard.routes.size() == 1);
  REQUIRE(heard.routes[0].hops.size() == 1);
  CHECK(heard.routes[0].hops[0].family == 6);
  CHECK(heard.routes[0].hops[0].encapsulated);
}

TEST_CASE("next hops and groups") {
  const Heard heard = hear(tests::new_nexthop(9, {"192.0.2.1", 3}) + tests::new_group(10, {9, 11}));
  REQUIRE(heard.nexthops.size() == 2);
  CHECK(heard.nexthops[0].id == 9);
  CHECK(heard.nexthops[0].hop.family == 4);
  CHECK(heard.nexthops[1].members == std::vector<NextHopSaid::Member>{{9, 1}, {11, 1}});
}

TEST_CASE("host bits are no part of a prefix, however they were sent") {
  ByteString route;
  const std::size_t start = tests::begin_message(route, RTM_NEWROUTE);
  tests::put_route_head(route, "10.1.2.3/32", tests::bgp, RTN_UNICAST);
  reinterpret_cast<rtmsg*>(route.data() + start + sizeof(nlmsghdr))->rtm_dst_len = 12;
  tests::end_message(route, start);
  CHECK(hear(route).routes.at(0).prefix.text() == "10.0.0.0/12");
}

TEST_CASE(
    "whatever is cut off or lies about its length is a fault, and nothing is read behind it") {
  const ByteString whole = tests::new_route("10.1.0.0/16", 0, {{"192.0.2.1", 3}, {"192.0.2.2", 4}});
  for (std::size_t length = 1; length < whole.size(); ++length) {
    // Of its own size on the heap: reading behind it shows under the sanitizer.
    const ByteString part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    CHECK_FALSE(hear(part).decoded.sound);
  }
  ByteString bad = whole;
  bad[sizeof(nlmsghdr) + 1] = std::byte{33};  // rtm_dst_len
  CHECK_FALSE(hear(bad).decoded.sound);
  bad = whole;
  bad[sizeof(nlmsghdr) + sizeof(rtmsg)] = std::byte{255};  // an attribute that overruns
  CHECK_FALSE(hear(bad).decoded.sound);
  CHECK(hear(tests::new_route("10.0.0.0/8", 1) + bad).routes.size() == 1);
}

TEST_CASE("random damage never crashes") {
  const ByteString whole = tests::new_nexthop(9, {"192.0.2.1", 3}) + tests::new_group(10, {9}) +
                           tests::new_route("10.1.0.0/16", 10) +
                           tests::new_route("2001:db8::/32", 0, {{"2001:db8::1", 3}});
  unsigned random = 1;
  for (int round = 0; round < 20'000; ++round) {
    ByteString bad = whole;
    for (int hits = 0; hits < 3; ++hits) {
      random = random * 1'103'515'245U + 12'345U;
      bad[(random >> 8U) % bad.size()] = static_cast<std::byte>(random >> 24U);
    }
    (void)hear(bad);
  }
}

TEST_CASE("frames in pieces of any size") {
  ByteString stream;
  const ByteString one = tests::new_route("10.1.0.0/16", 1);
  const ByteString two = tests::new_route("10.2.0.0/16", 1) + tests::new_route("10.3.0.0/16", 1);
  append_frame(stream, one);
  append_frame(stream, two);
  append_frame(stream, {});
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    FrameReader reader;
    std::vector<std::size_t> sizes;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      const std::size_t count = std::min(piece, stream.size() - at);
      std::memcpy(reader.room().data(), stream.data() + at, count);
      reader.filled(count);
      for (auto frame = reader.next(); frame && *frame; frame = reader.next()) {
        sizes.push_back((*frame)->size());
      }
    }
    CHECK(sizes == std::vector<std::size_t>{one.size(), two.size(), 0});
    CHECK(reader.pending() == 0);
  }
}

TEST_CASE("a frame of another version or type, or shorter than its header, ends the stream") {
  const auto first = [](const std::vector<int>& bytes) {
    FrameReader reader;
    auto room = reader.room();
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      room[at] = static_cast<std::byte>(bytes[at]);
    }
    reader.filled(bytes.size());
    const auto frame = reader.next();
    return frame ? std::string("frame") : frame.error().what();
  };
  CHECK(first({2, 1, 0, 4}).find("version 2") != std::string::npos);
  CHECK(first({1, 2, 0, 4}).find("type 2") != std::string::npos);
  CHECK(first({1, 1, 0, 3}).find("3 bytes") != std::string::npos);
  CHECK(first({1, 1, 0, 4}) == "frame");
}

TEST_CASE("frames of the largest size, one after the other") {
  FrameReader reader;
  ByteString frame;
  append_frame(frame, ByteString(longest_frame - frame_header_bytes));
  for (int count = 0; count < 40; ++count) {
    std::size_t at = 0;
    while (at < frame.size()) {
      const auto room = reader.room();
      const std::size_t part = std::min<std::size_t>({room.size(), frame.size() - at, 50'000});
      std::memcpy(room.data(), frame.data() + at, part);
      reader.filled(part);
      at += part;
    }
    const auto read = reader.next();
    REQUIRE(read);
    REQUIRE(read->has_value());
    CHECK((*read)->size() == longest_frame - frame_header_bytes);
  }
}

}  // namespace
}  // namespace issu::fpm
