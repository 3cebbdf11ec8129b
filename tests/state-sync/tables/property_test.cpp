// What the tables answer is what a plain trie answers, whatever updates they went through.

#include <doctest/doctest.h>

#include <cstdio>
#include <string>

#include "tests/state-sync/tables/random_routes.hpp"
#include "tests/state-sync/tables/tables_lab.hpp"

using namespace issu::tables;
using namespace issu::tables::tests;

namespace {

/// Of each family; a tenth under a sanitizer.
constexpr std::size_t lookups = sanitized ? 500'000 : 5'000'000;
constexpr std::size_t rounds = 50;
constexpr std::size_t updates_a_round = 400;  // of each source

Capacities capacities() {
  Capacities made = small_capacities();
  made.tbl8_groups = 1U << 15U;
  made.nodes6 = 1U << 17U;
  made.nexthops = 1024;
  return made;
}

/// Four sources of updates with lengths of their own, each adding, changing and taking away.
struct Sources {
  explicit Sources(std::uint8_t family)
      : routes{family == 4
                   ? std::array{RandomRoutes(11, 4, 0, 32), RandomRoutes(12, 4, 8, 24),
                                RandomRoutes(13, 4, 22, 27), RandomRoutes(14, 4, 30, 32)}
                   : std::array{RandomRoutes(21, 6, 0, 128), RandomRoutes(22, 6, 16, 48),
                                RandomRoutes(23, 6, 44, 64), RandomRoutes(24, 6, 120, 128)}} {}
  std::array<RandomRoutes, 4> routes;
  std::array<std::vector<Prefix>, 4> said;
};

void update(Lab& lab, ReferenceTrie& reference, Sources& sources, std::size_t source,
            const std::vector<NextHopId>& nexthops) {
  RandomRoutes& random = sources.routes[source];
  std::vector<Prefix>& said = sources.said[source];
  const std::size_t choice = random.below(10);
  if (choice < 2 && !said.empty()) {
    const std::size_t victim = random.below(said.size());
    // Another source may have taken it away.
    REQUIRE(lab.writer.remove_route(said[victim]));
    reference.set(said[victim], 0);
    said[victim] = said.back();
    said.pop_back();
    return;
  }
  const bool again = choice < 4 && !said.empty();
  const Prefix prefix = again ? said[random.below(said.size())] : random.prefix();
  const NextHopId id = nexthops[random.below(nexthops.size())];
  const auto set = lab.writer.set_route(prefix, id, {});
  REQUIRE_MESSAGE(set.has_value(), prefix.text());
  reference.set(prefix, id);
  if (!again) {
    said.push_back(prefix);
  }
}

/// Addresses that were asked for, each in a batch and by itself.
std::uint64_t compared = 0;

void compare(const Lab& lab, const ReferenceTrie& reference, RandomRoutes& random,
             std::uint8_t family, std::size_t count) {
  constexpr std::size_t batch = 1000;
  std::vector<std::uint32_t> four(batch);
  std::vector<std::uint8_t> six(batch * 16);
  std::vector<NextHopId> expected(batch);
  std::vector<NextHopId> answers(batch);
  for (std::size_t done = 0; done < count; done += batch) {
    for (std::size_t i = 0; i < batch; ++i) {
      const auto address = random.address();
      expected[i] = reference.lookup(address);
      std::copy(address.begin(), address.end(), six.begin() + static_cast<std::ptrdiff_t>(16 * i));
      std::uint32_t word = 0;
      std::memcpy(&word, address.data(), sizeof word);
      four[i] = __builtin_bswap32(word);
    }
    if (family == 4) {
      lookup4(lab.segment.view(), four.data(), answers.data(), batch);
    } else {
      lookup6(lab.segment.view(), six.data(), answers.data(), batch);
    }
    REQUIRE(answers == expected);
    for (std::size_t i = 0; i < batch; ++i) {
      answers[i] = family == 4 ? npu_lookup4(&lab.segment.view(), four[i])
                               : npu_lookup6(&lab.segment.view(), &six[16 * i]);
    }
    REQUIRE(answers == expected);
    compared += batch;
  }
}

void run(std::uint8_t family) {
  Lab lab(capacities());
  ReferenceTrie reference;
  Sources sources(family);
  std::vector<NextHopId> nexthops;
  // More than FAST24 has codes for: some always have none, and codes change their owners.
  for (std::uint32_t i = 0; i < 400; ++i) {
    NextHop nexthop;
    nexthop.gateway.bytes = {10, 9, static_cast<std::uint8_t>(i >> 8U),
                             static_cast<std::uint8_t>(i)};
    nexthops.push_back(lab.writer.intern(nexthop).value());
  }
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < updates_a_round * 4; ++i) {
      update(lab, reference, sources, i % 4, nexthops);
      *lab.clock += 1'000'000;
    }
    for (RandomRoutes& random : sources.routes) {
      compare(lab, reference, random, family, lookups / rounds / 4);
    }
  }
  // A writer that finds all this has nothing to repair, and everything can be taken away.
  lab.writer.release();
  Writer next = Writer::open(lab.segment, lab.options()).value();
  CHECK(next.report().repaired == 0);
  CHECK(next.report().dropped == 0);
  CHECK(next.report().routes == next.counts().all);
  CHECK(next.counts().all > 1000);
  std::vector<Prefix> all;
  next.each_route([&](const RouteEntry& route) {
    all.push_back(route.prefix);
    return true;
  });
  for (const Prefix& prefix : all) {
    REQUIRE(next.remove_route(prefix).value());
  }
  compare(lab, ReferenceTrie{}, sources.routes[0], family, 100'000);
  CHECK(next.nexthop_count() == 0);
  const npu_view& view = lab.segment.view();
  CHECK(std::all_of(view.fast24, view.fast24 + (1U << 24U), [](npu_u8 code) { return code == 0; }));
  const auto* const root = family == 4 ? view.tbl24 : view.root6;
  CHECK(std::all_of(root, root + (1U << 24U), [](npu_u32 entry) { return entry == 0; }));
}

}  // namespace

TEST_CASE("IPv4 as a plain trie") {
  run(4);
}

TEST_CASE("IPv6 as a plain trie") {
  run(6);
  std::printf("%llu addresses of both families, each in a batch and by itself\n",
              static_cast<unsigned long long>(compared));
}
