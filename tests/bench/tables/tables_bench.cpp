// The NPU's tables: lookups, bulk load, hold, refresh and sweep. Lookups of DPDK's rte_fib and
// rte_fib6 of the same routes and destinations stand beside (rte_fib_bench.cpp).

#include <benchmark/benchmark.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "state-sync/tables/batch.hpp"
#include "state-sync/tables/tables.hpp"
#include "tests/bench/tables/routes.hpp"

namespace {

using namespace issu::tables;
using issu::bench::destinations4;
using issu::bench::destinations6;

/// A burst, as a port gives it.
constexpr std::size_t burst = 256;

class Tables {
 public:
  /// With huge pages: on a tmpfs of its own that has them, in a mount namespace of ours.
  explicit Tables(bool huge = false) {
    std::filesystem::create_directories(folder_);
    if (huge) {
      mounted_ = ::unshare(CLONE_NEWNS) == 0 &&
                 ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                 ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "huge=always,size=4g") == 0;
    }
    segment_.emplace(Segment::create_file(folder_ / "tables", capacities()).value());
    writer_.emplace(Writer::open(*segment_).value());
    for (std::uint32_t i = 1; i <= issu::bench::nexthops; ++i) {
      NextHop nexthop;
      nexthop.gateway.bytes = {192, 0, 2, static_cast<std::uint8_t>(i)};
      ids_.push_back(writer_->intern(nexthop).value());
    }
  }
  Tables(const Tables&) = delete;
  Tables& operator=(const Tables&) = delete;
  ~Tables() {
    if (mounted_) {
      ::umount2(folder_.c_str(), MNT_DETACH);
    }
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }
  [[nodiscard]] std::vector<RouteChange> changes(const std::vector<issu::bench::Route>& routes) {
    std::vector<RouteChange> made;
    for (const auto& route : routes) {
      made.push_back({route.prefix, ids_[route.nexthop - 1], {186, 20, RouteOwner::daemon}});
    }
    return made;
  }
  Segment& segment() { return *segment_; }
  Writer& writer() { return *writer_; }

  [[nodiscard]] bool mounted() const { return mounted_; }
  static Capacities capacities() {
    Capacities made;
    made.nodes6 = 1U << 19U;
    return made;
  }

 private:
  static std::string next_folder() {
    static int number = 0;
    return "/dev/shm/issu-bench-tables-" + std::to_string(getpid()) + "-" +
           std::to_string(number++);
  }

  std::filesystem::path folder_ = next_folder();
  bool mounted_ = false;
  std::optional<Segment> segment_;
  std::optional<Writer> writer_;
  std::vector<NextHopId> ids_;
};

/// One set for all lookups on pages of 4 KiB, one on huge pages. Null: those can't be had.
const npu_view* full(benchmark::State& state) {
  static std::unique_ptr<Tables> made[2];
  const bool huge = state.range(0) != 0;
  auto& tables = made[huge ? 1 : 0];
  if (!tables) {
    tables = std::make_unique<Tables>(huge);
    if (!tables->writer().load(tables->changes(issu::bench::routes4())) ||
        !tables->writer().load(tables->changes(issu::bench::routes6()))) {
      std::abort();
    }
  }
  if (huge && !tables->mounted()) {
    state.SkipWithError("a tmpfs of huge pages can't be mounted here (that takes root)");
    return nullptr;
  }
  return &tables->segment().view();
}

void ipv4(benchmark::State& state) {
  const npu_view* const found = full(state);
  if (found == nullptr) {
    return;
  }
  const npu_view& view = *found;
  const auto& asked = destinations4();
  std::vector<std::uint32_t> ids(burst);
  for (auto _ : state) {
    for (std::size_t i = 0; i < asked.size(); i += burst) {
      lookup4(view, &asked[i], ids.data(), burst);
      benchmark::DoNotOptimize(ids.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(asked.size()));
}

/// What is left when all but the reading of the bytes is taken away.
void ipv4_floor(benchmark::State& state) {
  const npu_view* const found = full(state);
  if (found == nullptr) {
    return;
  }
  const npu_view& view = *found;
  const auto& asked = destinations4();
  for (auto _ : state) {
    npu_u32 sum = 0;
    for (std::size_t i = 0; i < asked.size(); i += burst) {
      for (std::size_t n = i; n < i + burst; ++n) {
        __builtin_prefetch(&view.fast24[asked[n] >> 8U]);
      }
      for (std::size_t n = i; n < i + burst; ++n) {
        sum += view.fast24[asked[n] >> 8U];
      }
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(asked.size()));
}

void ipv6(benchmark::State& state) {
  const npu_view* const found = full(state);
  if (found == nullptr) {
    return;
  }
  const npu_view& view = *found;
  const auto& asked = destinations6();
  std::vector<std::uint32_t> ids(burst);
  for (auto _ : state) {
    for (std::size_t i = 0; i < asked.size() / 16; i += burst) {
      lookup6(view, &asked[i * 16], ids.data(), burst);
      benchmark::DoNotOptimize(ids.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(asked.size() / 16));
}

void load(benchmark::State& state) {
  std::int64_t routes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    {
      Tables tables;
      const auto changes = tables.changes(issu::bench::routes4());
      // Memory that the machine gives at its first use is not ours to time: everything is set and
      // withdrawn once before.
      if (!tables.writer().load(changes)) {
        std::abort();
      }
      for (const auto& change : changes) {
        (void)tables.writer().remove_route(change.prefix);
      }
      state.ResumeTiming();
      if (!tables.writer().load(changes)) {
        std::abort();
      }
      state.PauseTiming();
      routes += static_cast<std::int64_t>(changes.size());
    }
    state.ResumeTiming();
  }
  state.SetItemsProcessed(routes);
}

/// Hold, refresh of all of 1 M routes, and a sweep that finds nothing.
void unchanged(benchmark::State& state) {
  Tables tables;
  std::vector<Prefix> prefixes;
  for (const auto& route : issu::bench::routes4()) {
    prefixes.push_back(route.prefix);
  }
  (void)tables.writer().load(tables.changes(issu::bench::routes4()));
  std::uint64_t epoch = 0;
  for (auto _ : state) {
    ++epoch;
    if (!tables.writer().hold(epoch) || !tables.writer().refresh(epoch, prefixes) ||
        tables.writer().sweep(epoch).value().swept != 0) {
      std::abort();
    }
  }
}

/// A sweep that deletes all of 1 M routes.
void sweep(benchmark::State& state) {
  Tables tables;
  const auto changes = tables.changes(issu::bench::routes4());
  std::uint64_t epoch = 0;
  for (auto _ : state) {
    state.PauseTiming();
    ++epoch;
    (void)tables.writer().release_hold();
    if (!tables.writer().load(changes) || !tables.writer().hold(epoch)) {
      std::abort();
    }
    state.ResumeTiming();
    if (tables.writer().sweep(epoch).value().swept != changes.size()) {
      std::abort();
    }
  }
}

// 0: pages of 4 KiB, 1: huge ones.
BENCHMARK(ipv4)->Arg(0)->ArgName("huge")->Unit(benchmark::kMillisecond);
BENCHMARK(ipv4_floor)->Arg(0)->ArgName("huge")->Unit(benchmark::kMillisecond);
BENCHMARK(ipv6)->Arg(0)->ArgName("huge")->Unit(benchmark::kMillisecond);
BENCHMARK(ipv4)->Arg(1)->ArgName("huge")->Unit(benchmark::kMillisecond);
BENCHMARK(ipv4_floor)->Arg(1)->ArgName("huge")->Unit(benchmark::kMillisecond);
BENCHMARK(ipv6)->Arg(1)->ArgName("huge")->Unit(benchmark::kMillisecond);
BENCHMARK(load)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(unchanged)->Iterations(3)->Unit(benchmark::kMillisecond);
BENCHMARK(sweep)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
