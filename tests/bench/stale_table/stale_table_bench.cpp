// Mark, refresh and sweep of a full table: StaleTable beside what one writes first, a
// std::unordered_map with a flag. `routes` is the argument.

#include <benchmark/benchmark.h>

#include <cstring>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "state-sync/stale_table.hpp"

namespace {

using issu::state_sync::nth_after;
using issu::state_sync::Prefix;
using issu::state_sync::Route;
using issu::state_sync::StaleTable;

std::vector<Route> routes(std::int64_t count, std::uint32_t nexthop) {
  const Prefix first = Prefix::parse("10.0.0.0/28").value();
  std::vector<Route> made;
  for (std::int64_t n = 0; n < count; ++n) {
    made.push_back({nth_after(first, static_cast<std::uint64_t>(n)), 0, 186, 20, nexthop, false});
  }
  return made;
}

struct Key {
  Prefix prefix;
  std::uint32_t metric;
  bool operator==(const Key&) const = default;
};
struct KeyHash {
  std::size_t operator()(const Key& key) const {
    char bytes[16];
    std::memcpy(bytes, key.prefix.bytes.data(), sizeof bytes);
    return std::hash<std::string_view>{}({bytes, sizeof bytes}) ^ key.metric;
  }
};
struct Value {
  std::uint32_t nexthop = 0;
  std::uint8_t protocol = 0;
  bool stale = false;
};
using Plain = std::unordered_map<Key, Value, KeyHash>;

StaleTable filled(const std::vector<Route>& from) {
  StaleTable table;
  for (const Route& route : from) {
    table.present(route, 1);
  }
  return table;
}

Plain filled_plain(const std::vector<Route>& from) {
  Plain table;
  for (const Route& route : from) {
    table[{route.prefix, route.metric}] = {route.nexthop, route.protocol, false};
  }
  return table;
}

void mark(benchmark::State& state) {
  auto table = filled(routes(state.range(0), 1));
  for (auto _ : state) {
    table.hold(2);
    benchmark::DoNotOptimize(table.counts().stale);
  }
}

void mark_plain(benchmark::State& state) {
  auto table = filled_plain(routes(state.range(0), 1));
  for (auto _ : state) {
    for (auto& [key, value] : table) {
      value.stale = true;
    }
    benchmark::DoNotOptimize(table.size());
  }
}

void refresh(benchmark::State& state) {
  auto table = filled(routes(state.range(0), 1));
  const auto again = routes(state.range(0), 2);
  for (auto _ : state) {
    state.PauseTiming();
    table.hold(2);
    state.ResumeTiming();
    for (const Route& route : again) {
      table.present(route, 3);
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void refresh_plain(benchmark::State& state) {
  auto table = filled_plain(routes(state.range(0), 1));
  const auto again = routes(state.range(0), 2);
  for (auto _ : state) {
    for (const Route& route : again) {
      table[{route.prefix, route.metric}] = {route.nexthop, route.protocol, false};
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void list_stale(benchmark::State& state) {
  auto table = filled(routes(state.range(0), 1));
  table.hold(2);
  for (auto _ : state) {
    benchmark::DoNotOptimize(table.unconfirmed(static_cast<std::size_t>(-1), true));
  }
}

void list_stale_plain(benchmark::State& state) {
  auto table = filled_plain(routes(state.range(0), 1));
  for (auto& [key, value] : table) {
    value.stale = true;
  }
  for (auto _ : state) {
    std::vector<Route> stale;
    for (const auto& [key, value] : table) {
      if (value.stale) {
        stale.push_back({key.prefix, 0, value.protocol, key.metric, value.nexthop, false});
      }
    }
    benchmark::DoNotOptimize(stale);
  }
}

BENCHMARK(mark)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(mark_plain)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(refresh)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(refresh_plain)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(list_stale)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(list_stale_plain)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
