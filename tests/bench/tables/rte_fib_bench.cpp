// DPDK's rte_fib (DIR24_8) and rte_fib6 (TRIE): the peers of the NPU's tables. Without devices and
// without memory set aside for huge pages.

#include <benchmark/benchmark.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_memory.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/bench/tables/routes.hpp"

namespace {

using issu::bench::destinations4;
using issu::bench::destinations6;

constexpr std::size_t burst = 256;
void start() {
  static const bool started = [] {
    std::array<std::string, 9> words = {"bench",     "--force-max-simd-bitwidth=512",
                                        "--no-huge", "--no-shconf",
                                        "--no-pci",  "-m",
                                        "3000",      "--no-telemetry",
                                        "-l0"};
    std::array<char*, 9> argv{};
    std::transform(words.begin(), words.end(), argv.begin(),
                   [](auto& word) { return word.data(); });
    return rte_eal_init(static_cast<int>(argv.size()), argv.data()) >= 0;
  }();
  if (!started) {
    std::fprintf(stderr, "DPDK does not start: %s\n", rte_strerror(rte_errno));
    std::abort();
  }
}

std::uint32_t word_of(const issu::state_sync::Prefix& prefix) {
  const auto& b = prefix.bytes;
  return (std::uint32_t{b[0]} << 24U) | (std::uint32_t{b[1]} << 16U) | (std::uint32_t{b[2]} << 8U) |
         b[3];
}

rte_fib* make4(std::int64_t width) {
  start();
  rte_fib_conf conf{};
  conf.type = RTE_FIB_DIR24_8;
  conf.max_routes = 1'300'000;
  conf.dir24_8.nh_sz = width == 2 ? RTE_FIB_DIR24_8_2B : RTE_FIB_DIR24_8_4B;
  conf.dir24_8.num_tbl8 = 30'000;
  rte_fib* const fib = rte_fib_create(width == 2 ? "two" : "four", SOCKET_ID_ANY, &conf);
  if (fib == nullptr) {
    std::fprintf(stderr, "rte_fib_create: %s\n", rte_strerror(rte_errno));
    std::abort();
  }
  return fib;
}

void fill(rte_fib* fib) {
  for (const auto& route : issu::bench::routes4()) {
    if (rte_fib_add(fib, word_of(route.prefix), route.prefix.length, route.nexthop) != 0) {
      std::abort();
    }
  }
}

rte_fib* full4(std::int64_t width) {
  static std::array<rte_fib*, 2> made{};
  rte_fib*& fib = made[width == 2 ? 0 : 1];
  if (fib == nullptr) {
    fib = make4(width);
    fill(fib);
  }
  return fib;
}

/// Arguments: huge pages, bytes of an entry, AVX-512.
void rte_ipv4(benchmark::State& state) {
  rte_fib* const fib = full4(state.range(1));
  const auto type = state.range(2) != 0 ? RTE_FIB_LOOKUP_DIR24_8_VECTOR_AVX512
                                        : RTE_FIB_LOOKUP_DIR24_8_SCALAR_MACRO;
  if (rte_fib_select_lookup(fib, type) != 0) {
    state.SkipWithError("this CPU does not have what the lookup needs");
    return;
  }
  // The first level is at the end of the structure that the lookups get.
  if (state.range(0) != 0 &&
      !issu::bench::onto_huge_pages(
          rte_fib_get_dp(fib),
          (std::size_t{1} << 24U) * static_cast<std::size_t>(state.range(1)))) {
    state.SkipWithError("the kernel does not put these pages on huge ones");
    return;
  }
  auto asked = destinations4();
  std::vector<std::uint64_t> ids(burst);
  for (auto _ : state) {
    for (std::size_t i = 0; i < asked.size(); i += burst) {
      rte_fib_lookup_bulk(fib, &asked[i], ids.data(), burst);
      benchmark::DoNotOptimize(ids.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(asked.size()));
}

rte_fib6* full6() {
  static rte_fib6* const made = [] {
    start();
    rte_fib6_conf conf{};
    conf.type = RTE_FIB6_TRIE;
    conf.max_routes = 400'000;
    conf.trie.nh_sz = RTE_FIB6_TRIE_4B;
    conf.trie.num_tbl8 = 500'000;
    rte_fib6* const fib = rte_fib6_create("six", SOCKET_ID_ANY, &conf);
    if (fib == nullptr) {
      std::fprintf(stderr, "rte_fib6_create: %s\n", rte_strerror(rte_errno));
      std::abort();
    }
    for (const auto& route : issu::bench::routes6()) {
      if (rte_fib6_add(fib, route.prefix.bytes.data(), route.prefix.length, route.nexthop) != 0) {
        std::abort();
      }
    }
    return fib;
  }();
  return made;
}

void rte_ipv6(benchmark::State& state) {
  rte_fib6* const fib = full6();
  const auto type =
      state.range(1) != 0 ? RTE_FIB6_LOOKUP_TRIE_VECTOR_AVX512 : RTE_FIB6_LOOKUP_TRIE_SCALAR;
  if (rte_fib6_select_lookup(fib, type) != 0) {
    state.SkipWithError("this CPU does not have what the lookup needs");
    return;
  }
  if (state.range(0) != 0 && !issu::bench::onto_huge_pages(rte_fib6_get_dp(fib), 64U << 20U)) {
    state.SkipWithError("the kernel does not put these pages on huge ones");
    return;
  }
  auto asked = destinations6();
  std::vector<std::uint64_t> ids(burst);
  for (auto _ : state) {
    for (std::size_t i = 0; i < asked.size() / 16; i += burst) {
      rte_fib6_lookup_bulk(fib, reinterpret_cast<std::uint8_t(*)[16]>(&asked[i * 16]), ids.data(),
                           burst);
      benchmark::DoNotOptimize(ids.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(asked.size() / 16));
}

void rte_load(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    rte_fib* const fib = make4(2);
    state.ResumeTiming();
    fill(fib);
    state.PauseTiming();
    rte_fib_free(fib);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(issu::bench::routes4().size()));
}

BENCHMARK(rte_load)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(rte_ipv4)
    ->ArgsProduct({{0}, {2, 4}, {0, 1}})
    ->ArgNames({"huge", "bytes", "avx512"})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(rte_ipv6)
    ->ArgsProduct({{0}, {0, 1}})
    ->ArgNames({"huge", "avx512"})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(rte_ipv4)
    ->ArgsProduct({{1}, {2, 4}, {0, 1}})
    ->ArgNames({"huge", "bytes", "avx512"})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(rte_ipv6)
    ->ArgsProduct({{1}, {0, 1}})
    ->ArgNames({"huge", "avx512"})
    ->Unit(benchmark::kMillisecond);

}  // namespace
