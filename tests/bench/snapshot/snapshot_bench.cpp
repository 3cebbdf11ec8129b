// A snapshot of a million routes beside memcpy: of the bytes that it makes, and of the region that
// it reads (two slots a route). Into memory that was used before, and into pages that the kernel
// has yet to give.

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstring>
#include <memory>
#include <random>

#include "backends/npu/soft/snapshot.hpp"
#include "tests/temp_dir.hpp"

namespace {

using namespace issu;

constexpr std::size_t routes = 1'000'000;

struct Npu {
  Npu() {
    tables::Port port;
    port.name = "one";
    port.up = true;
    (void)tables.set_port(port);
    tables::NextHop hop;
    hop.gateway.bytes = {192, 0, 2, 2};
    const auto id = *tables.intern(hop);
    std::mt19937_64 random(1);
    while (tables.counts().daemon4 < routes) {
      state_sync::Prefix prefix;
      prefix.length = 24;
      const auto bits = random();
      prefix.bytes = {static_cast<std::uint8_t>(1 + bits % 223),
                      static_cast<std::uint8_t>(bits >> 8U),
                      static_cast<std::uint8_t>(bits >> 16U)};
      (void)tables.set_route(prefix, id, {186, 20, tables::RouteOwner::daemon});
    }
  }
  tests::TempDir dir;
  tables::Segment segment = *tables::Segment::create_file(dir / "tables", {});
  tables::Writer tables = *tables::Writer::open(segment);
};

/// Whether memory that was given back comes again, or new pages from the kernel.
void keep_memory(bool keep) {
  ::mallopt(M_MMAP_THRESHOLD, keep ? 1 << 30 : 1 << 20);
  ::mallopt(M_TRIM_THRESHOLD, keep ? 1 << 30 : 1 << 20);
}

void snapshot(benchmark::State& state, const Npu& npu, bool warm) {
  keep_memory(warm);
  std::size_t size = 0;
  for (auto _ : state) {
    auto bytes = backends::soft::encode_snapshot(npu.tables, npu.segment, "router");
    if (!bytes) {
      state.SkipWithError(bytes.error().message().c_str());
      break;
    }
    size = bytes->span().size();
    benchmark::DoNotOptimize(bytes->span().data());
  }
  state.counters["bytes"] = static_cast<double>(size);
}

void copy(benchmark::State& state, const Npu& npu, bool warm, std::size_t bytes) {
  keep_memory(warm);
  const auto from = std::as_bytes(npu.segment.words(NPU_ROUTES));
  bytes = std::min(bytes, from.size());
  for (auto _ : state) {
    checkpoint::StateBytes to(bytes);
    std::memcpy(to.span().data(), from.data(), bytes);
    benchmark::DoNotOptimize(to.span().data());
    benchmark::ClobberMemory();
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}

template <typename Work>
void add(const std::string& name, const Work& work) {
  for (const bool warm : {true, false}) {
    benchmark::RegisterBenchmark((name + (warm ? "/warm" : "/fresh")).c_str(),
                                 [work, warm](benchmark::State& state) { work(state, warm); })
        ->Repetitions(9)
        ->ReportAggregatesOnly()
        ->MinTime(0.2)
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const Npu npu;
  const std::size_t made =
      backends::soft::encode_snapshot(npu.tables, npu.segment, "router")->span().size();
  add("snapshot", [&](auto& state, bool warm) { snapshot(state, npu, warm); });
  add("memcpy/same_bytes", [&](auto& state, bool warm) { copy(state, npu, warm, made); });
  add("memcpy/whole_region",
      [&](auto& state, bool warm) { copy(state, npu, warm, std::size_t(-1)); });
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
