// A writer that was killed in its middle: the tables are opened again, checked, and put right.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <thread>

#include "tests/state-sync/tables/random_routes.hpp"
#include "tests/state-sync/tables/tables_lab.hpp"

using namespace issu::tables;
using namespace issu::tables::tests;

namespace {

constexpr int kills = sanitized ? 5 : 20;

Capacities capacities() {
  Capacities made = small_capacities();
  made.tbl8_groups = 1U << 13U;
  made.nodes6 = 1U << 15U;
  made.routes = 1U << 13U;  // crowded, so that erasing moves others
  return made;
}

/// Adds, changes and takes away until it is killed.
[[noreturn]] void write_forever(const std::filesystem::path& file, std::uint64_t seed) {
  auto segment = Segment::open_file(file);
  auto writer = segment ? Writer::open(*segment) : issu::fail("no tables");
  if (!writer) {
    ::_exit(1);
  }
  RandomRoutes four(seed, 4, 6, 32);
  RandomRoutes six(seed, 6, 10, 64);
  std::vector<NextHopId> ids;
  for (std::uint8_t i = 1; i < 20; ++i) {
    NextHop nexthop;
    nexthop.gateway.bytes = {192, 0, 2, i};
    ids.push_back(writer->intern(nexthop).value());
  }
  std::vector<Prefix> said;
  for (;;) {
    if (said.size() > 6000 || (four.below(3) == 0 && !said.empty())) {
      const std::size_t victim = four.below(said.size());
      if (!writer->remove_route(said[victim])) {
        ::_exit(1);
      }
      said[victim] = said.back();
      said.pop_back();
    } else {
      const Prefix prefix = four.below(2) == 0 ? four.prefix() : six.prefix();
      if (writer->set_route(prefix, ids[four.below(ids.size())], {})) {
        said.push_back(prefix);
      }
    }
  }
}

/// All lookups agree with the routes that the writer says there are.
void check_against_routes(const Lab& lab, const Writer& writer) {
  ReferenceTrie four;
  ReferenceTrie six;
  writer.each_route([&](const RouteEntry& route) {
    (route.prefix.family == 6 ? six : four).set(route.prefix, route.nexthop);
    REQUIRE(writer.nexthop(route.nexthop).has_value());
    return true;
  });
  writer.each_route([&](const RouteEntry& route) {
    // Its first and last address, and those beside it.
    auto first = route.prefix.bytes;
    auto last = first;
    const std::size_t width = route.prefix.family == 6 ? 16 : 4;
    for (std::size_t bit = route.prefix.length; bit < width * 8; ++bit) {
      last[bit / 8] |= static_cast<std::uint8_t>(0x80U >> (bit % 8));
    }
    auto behind = last;
    for (std::size_t i = width; i-- > 0 && ++behind[i] == 0;) {
    }
    for (const auto& address : {first, last, behind}) {
      if (width == 16) {
        REQUIRE(npu_lookup6(&lab.segment.view(), address.data()) == six.lookup(address));
      } else {
        std::uint32_t word = 0;
        std::memcpy(&word, address.data(), sizeof word);
        const std::uint32_t asked = __builtin_bswap32(word);
        NextHopId in_batch = 0;
        lookup4(lab.segment.view(), &asked, &in_batch, 1);
        REQUIRE(npu_lookup4(&lab.segment.view(), asked) == four.lookup(address));
        REQUIRE(in_batch == four.lookup(address));
      }
    }
    return true;
  });
}

}  // namespace

TEST_CASE("Killed at any moment, opened again") {
  Lab lab(capacities());
  lab.writer.release();
  std::uint64_t repaired = 0;
  std::uint64_t dropped = 0;
  std::uint64_t found = 0;
  for (int kill = 0; kill < kills; ++kill) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      write_forever(lab.folder.file(), static_cast<std::uint64_t>(kill));
    }
    // Long enough to be in its middle, and never the same.
    const npu_u64 changes = __atomic_load_n(&lab.segment.header().changes, __ATOMIC_RELAXED);
    REQUIRE(issu::wait_until(
        [&] {
          return __atomic_load_n(&lab.segment.header().changes, __ATOMIC_RELAXED) > changes + 3000;
        },
        issu::Deadline::in(std::chrono::seconds(60)), std::chrono::milliseconds(1)));
    std::this_thread::sleep_for(std::chrono::microseconds(kill * 37));
    REQUIRE(::kill(child, SIGKILL) == 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));

    Writer writer = Writer::open(lab.segment).value();
    repaired += writer.report().repaired;
    dropped += writer.report().dropped;
    found += writer.report().routes;
    check_against_routes(lab, writer);
    writer.release();
    const Writer again = Writer::open(lab.segment).value();
    CHECK(again.report().repaired == 0);
    CHECK(again.report().dropped == 0);
  }
  CHECK(found > 0);
  std::printf("%d kills: %llu routes found again, %llu entries repaired, %llu dropped\n", kills,
              static_cast<unsigned long long>(found), static_cast<unsigned long long>(repaired),
              static_cast<unsigned long long>(dropped));
}

TEST_CASE("Entries that say something else than the routes are repaired") {
  Lab lab(capacities());
  RandomRoutes four(1, 4, 0, 32);
  RandomRoutes six(2, 6, 0, 128);
  const NextHopId ids[] = {lab.gateway(1), lab.gateway(2), lab.gateway(3)};
  for (int i = 0; i < 2000; ++i) {
    REQUIRE(lab.writer.set_route(four.prefix(), ids[four.below(3)], {}));
    REQUIRE(lab.writer.set_route(six.prefix(), ids[six.below(3)], {}));
  }
  lab.writer.release();
  const npu_view& view = lab.segment.view();
  const auto shake = [&](npu_u32* entries, std::size_t count, int times) {
    for (int i = 0; i < times; ++i) {
      const std::size_t at = four.below(count);
      const npu_u32 values[] = {0, NPU_CHILD | static_cast<npu_u32>(four.below(64)), 0xffffffffU,
                                NPU_LEAF(24U, ids[0]), entries[four.below(count)]};
      entries[at] = values[four.below(std::size(values))];
    }
  };
  for (int round = 0; round < 5; ++round) {
    shake(view.tbl24, 1U << 24U, 1000);
    for (int i = 0; i < 1000; ++i) {
      view.fast24[four.below(1U << 24U)] = static_cast<npu_u8>(four.below(256));
    }
    shake(view.codes, NPU_CODES, 20);
    shake(view.tbl8, view.capacities.tbl8_groups * 256U, 1000);
    shake(view.root6, 1U << 24U, 1000);
    shake(view.nodes6, view.capacities.nodes6 * 256U, 1000);
    lab.segment.header().default_id[round % 2] ^= 1;
    Writer writer = Writer::open(lab.segment, lab.options()).value();
    CHECK(writer.report().repaired > 1000);
    CHECK(writer.report().dropped == 0);
    check_against_routes(lab, writer);
  }
}

TEST_CASE("Routes that make no sense are dropped, and the hold says that it is incomplete") {
  Lab lab(capacities());
  const NextHopId a = lab.gateway(1);
  RandomRoutes four(1, 4, 8, 24);
  for (int i = 0; i < 3000; ++i) {
    REQUIRE(lab.writer.set_route(four.prefix(), a, {}));
  }
  REQUIRE(lab.writer.hold(1));
  const auto before = lab.writer.counts().all;
  lab.writer.release();
  const npu_view& view = lab.segment.view();
  std::uint64_t broken = 0;
  std::uint64_t copied = 0;
  for (npu_u32 i = 0; i < view.capacities.routes && (broken < 50 || copied == 0); ++i) {
    npu_route& slot = view.routes[i];
    if (slot.state == 0) {
      continue;
    }
    npu_route& next = view.routes[(i + 1) & (view.capacities.routes - 1)];
    if (next.state == 0 && copied == 0) {
      next = slot;  // as a kill in the middle of an erase leaves it
      ++copied;
      ++i;
    } else if (broken < 50) {
      if (broken % 3 == 0) {
        slot.length = 200;
      } else if (broken % 3 == 1) {
        slot.nexthop = 0x7fffffff;
      } else {
        slot.family = 9;
      }
      ++broken;
    }
  }
  Writer writer = Writer::open(lab.segment, lab.options()).value();
  CHECK(writer.report().dropped == broken + copied);
  CHECK(writer.counts().all == before - broken);
  CHECK_FALSE(writer.hold_state().complete);
  check_against_routes(lab, writer);
}
