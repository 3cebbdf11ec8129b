// Readers take no lock: while one writes, each lookup is answered as before or after a change,
// never by something that was not a route at that time.

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "state-sync/tables/batch.hpp"
#include "tests/state-sync/tables/tables_lab.hpp"

using namespace issu::tables;
using namespace issu::tables::tests;

namespace {

constexpr int changes = sanitized ? 5'000 : 50'000;

}  // namespace

TEST_CASE("Lookups while routes change under them") {
  // What is freed is not used again for a second, and here much is freed in one.
  Capacities capacities = small_capacities();
  capacities.tbl8_groups = 1U << 15U;
  capacities.nodes6 = 1U << 17U;
  Lab lab(capacities);
  lab.writer.release();
  Writer writer = Writer::open(lab.segment).value();  // with the time as it runs
  NextHopId ids[3] = {};
  for (std::uint8_t i = 0; i < 3; ++i) {
    NextHop nexthop;
    nexthop.gateway.bytes = {198, 51, 100, i};
    ids[i] = writer.intern(nexthop).value();
  }
  const auto set = [&](const char* prefix, NextHopId id) {
    REQUIRE(writer.set_route(Prefix::parse(prefix).value(), id, {}));
  };
  set("10.0.0.0/8", ids[0]);
  set("2001:db8::/32", ids[0]);

  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<std::uint64_t> seen{0};
  const auto right = [&](NextHopId id) { return id == ids[0] || id == ids[1] || id == ids[2]; };
  std::thread four([&] {
    std::uint32_t destinations[64];
    std::uint32_t answers[64];
    for (std::uint32_t i = 0; i < 64; ++i) {
      destinations[i] = 0x0a010200U + i * 4;
    }
    while (!stop) {
      lookup4(lab.segment.view(), destinations, answers, 64);
      for (const std::uint32_t answer : answers) {
        wrong += right(answer) ? 0 : 1;
        seen += answer == ids[0] ? 0 : 1;
      }
    }
  });
  std::thread six([&] {
    std::array<std::uint8_t, 16> address = {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2};
    while (!stop) {
      ++address[15];
      const NextHopId answer = npu_lookup6(&lab.segment.view(), address.data());
      wrong += right(answer) ? 0 : 1;
      seen += answer == ids[0] ? 0 : 1;
    }
  });
  std::thread neighbours([&] {
    const npu_u64 words[2] = {0x010200c0U, 0};
    while (!stop) {
      const auto* found = npu_neighbour_find(&lab.segment.view(), 1, 4, words);
      const npu_u64 link = found == nullptr ? 0 : __atomic_load_n(&found->link, __ATOMIC_ACQUIRE);
      // Its MAC is all ones or all twos, never a mixture. What was looked up may be gone by now.
      const npu_u64 mac = NPU_LINK_MAC(link);
      wrong += mac == 0 || mac == 0x010101010101 || mac == 0x020202020202 ? 0 : 1;
    }
  });

  const char* const prefixes[] = {"10.1.2.0/24",          "10.1.0.0/16",        "10.1.2.128/25",
                                  "10.1.2.4/32",          "2001:db8:1::/48",    "2001:db8:1:2::/64",
                                  "2001:db8:1:2::80/121", "2001:db8:1:2::1/128"};
  Neighbour neighbour;
  neighbour.port = 1;
  neighbour.address.bytes = {192, 0, 2, 1};
  neighbour.state = NPU_NEIGHBOUR_REACHABLE;
  for (int i = 0; i < changes; ++i) {
    const char* const prefix = prefixes[i * 7 % 8];
    switch (i / 8 % 3) {
      case 0:
        set(prefix, ids[1]);
        break;
      case 1:
        set(prefix, ids[2]);
        break;
      default:
        REQUIRE(writer.remove_route(Prefix::parse(prefix).value()));
    }
    neighbour.mac.fill(i % 2 == 0 ? 1 : 2);
    if (i % 100 == 99) {
      REQUIRE(writer.remove_neighbour(1, neighbour.address));
    } else {
      (void)writer.set_neighbour(neighbour);  // refused while its slots were left less than 1 s ago
    }
  }
  stop = true;
  four.join();
  six.join();
  neighbours.join();
  CHECK(wrong == 0);
  CHECK(seen > 0);
}

TEST_CASE("Batches of lookups while codes of FAST24 change hands") {
  constexpr std::size_t kinds = 8;      // a /24 only has next hops of its own kind
  constexpr std::size_t count = 600;    // next hops, more than there are codes
  constexpr std::size_t in_turn = 200;  // that are in use at a time
  constexpr std::uint32_t networks = 1024;
  constexpr std::uint32_t first = 0x0a000000;
  Capacities capacities = small_capacities();
  capacities.nexthops = 1024;
  Lab lab(capacities);
  lab.writer.release();
  Writer writer = Writer::open(lab.segment).value();  // with the time as it runs
  const npu_view& view = lab.segment.view();
  std::vector<NextHopId> ids;
  std::vector<std::size_t> kind(capacities.nexthops, kinds);
  for (std::size_t i = 0; i < count; ++i) {
    NextHop nexthop;
    nexthop.gateway.bytes = {192, 0, static_cast<std::uint8_t>(i / 250),
                             static_cast<std::uint8_t>(i % 250)};
    ids.push_back(writer.intern(nexthop).value());
    kind[ids.back()] = i % kinds;
  }
  std::mt19937_64 random(24);
  std::size_t turn = 0;
  const auto change = [&](std::uint32_t network) {
    const std::size_t pick = random() % (in_turn / kinds) * kinds + network % kinds;
    Prefix prefix = Prefix::parse("10.0.0.0/24").value();
    prefix.bytes[1] = static_cast<std::uint8_t>(network >> 8U);
    prefix.bytes[2] = static_cast<std::uint8_t>(network);
    REQUIRE(writer.set_route(prefix, ids[(turn * in_turn + pick) % count], {}));
  };
  for (std::uint32_t network = 0; network < networks; ++network) {
    change(network);
  }

  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<std::uint64_t> batches{0};
  std::thread reader([&] {
    std::array<std::uint32_t, 256> destinations{};
    std::array<std::uint32_t, 256> answers{};
    for (std::uint32_t begin = 0; !stop; begin = (begin + 256) % networks) {
      for (std::uint32_t i = 0; i < 256; ++i) {
        destinations[i] = first + ((begin + i) << 8U) + i;
      }
      lookup4(view, destinations.data(), answers.data(), answers.size());
      for (std::uint32_t i = 0; i < 256; ++i) {
        wrong += answers[i] < kind.size() && kind[answers[i]] == (begin + i) % kinds ? 0 : 1;
      }
      ++batches;
    }
  });

  // A code changes hands a second after its last entry went, so this takes some.
  std::vector<std::uint32_t> owners(view.codes, view.codes + NPU_CODES);
  std::size_t changed_hands = 0;
  bool ran_out = false;
  std::size_t in_this_turn = 0;
  std::uint64_t enough = 1'000;  // batches until the next turn
  const issu::Deadline deadline = issu::Deadline::in(std::chrono::seconds(60));
  while (turn < 4 && !deadline.passed()) {
    for (int i = 0; i < 1'000; ++i) {
      change(static_cast<std::uint32_t>(random() % networks));
    }
    for (std::size_t code = 1; code < NPU_CODE_LOOK; ++code) {
      const std::uint32_t owner = view.codes[code];
      if (owners[code] != 0 && owner != owners[code]) {
        ++in_this_turn;
      }
      owners[code] = owner;
    }
    for (std::uint32_t network = 0; network < networks && !ran_out; ++network) {
      ran_out = view.fast24[(first >> 8U) + network] == NPU_CODE_LOOK;
    }
    if (batches >= enough && (turn == 0 || in_this_turn >= 100)) {
      enough = batches + 1'000;
      changed_hands += in_this_turn;
      in_this_turn = 0;
      ++turn;
    }
  }
  stop = true;
  reader.join();
  CHECK(wrong == 0);
  CHECK(batches > 0);
  CHECK(ran_out);
  CHECK(changed_hands >= 300);
}
