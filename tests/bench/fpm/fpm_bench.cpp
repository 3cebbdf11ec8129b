// A million routes from FPM into the tables. First npud's own work: bytes of a connection through
// the frame reader and the feed into the tables, without a socket. Then, when started as root with
// FRR installed, a real zebra that says as many: to a sink that only reads, and to the feed with
// the tables, by a thread with a core of its own: left to itself the scheduler puts the reader
// beside the zebra that wakes it, where each waits for the other. npud is not the slower one when
// its own time is less than zebra's.

#include <benchmark/benchmark.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>

#include "state-sync/fpm/server.hpp"
#include "tests/bench/fpm/stream.hpp"
#include "tests/bench/fpm/zebra.hpp"
#include "tests/temp_dir.hpp"

namespace {

using namespace issu;
using bench::Saying;

constexpr std::size_t routes4 = 1'000'000;
constexpr std::size_t routes6 = 220'000;
/// zebra pauses for up to a second in the middle.
constexpr int quiet_ms = 2500;
constexpr int connect_ms = 10'000;
constexpr MonoNs pause = 100'000'000;  ///< shorter ones are its work

double cpu_of_thread_s() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// Empty tables with one port, and the feed into them.
struct Npu {
  explicit Npu(std::uint32_t ifindex)
      : feed(tables,
             {[ifindex](std::uint32_t asked) {
                return asked == ifindex ? std::optional(0U) : std::nullopt;
              },
              [](const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); }}) {
    tables::Port port;
    port.name = "one";
    port.up = true;
    (void)tables.set_port(port);
    feed.ports_changed();
  }

  tests::TempDir dir;
  tables::Segment segment = *tables::Segment::create_file(dir / "tables", {});
  tables::Writer tables = *tables::Writer::open(segment);
  fpm::Feed feed;
};

/// As FpmServer does with what it receives.
void take(fpm::Feed& feed, const std::vector<std::byte>& stream) {
  fpm::FrameReader frames;
  for (std::size_t at = 0; at < stream.size();) {
    const auto room = frames.room();
    const std::size_t count = std::min(room.size(), stream.size() - at);
    std::memcpy(room.data(), stream.data() + at, count);
    at += count;
    frames.filled(count);
    for (auto frame = frames.next(); frame && *frame; frame = frames.next()) {
      feed.apply(**frame);
    }
  }
}

/// npud's own time. `again`: the routes are there already.
void own_work(benchmark::State& state, std::uint8_t family, Saying saying, bool again) {
  const auto prefixes = bench::realistic_prefixes(family, family == 4 ? routes4 : routes6);
  const auto stream = bench::fpm_stream(prefixes, saying);
  for (auto _ : state) {
    state.PauseTiming();
    auto npu = std::make_unique<Npu>(1);
    if (again) {
      take(npu->feed, stream);
    }
    state.ResumeTiming();
    take(npu->feed, stream);
    state.PauseTiming();
    const auto counts = npu->tables.counts();
    if (counts.daemon4 + counts.daemon6 != prefixes.size() || npu->feed.counters().faults() != 0) {
      state.SkipWithError("routes are missing in the tables");
      break;
    }
    npu.reset();
    state.ResumeTiming();
  }
  state.counters["a_route"] = benchmark::Counter(
      static_cast<double>(prefixes.size()),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

struct Told {
  double all_s = 0;     ///< from the first byte to the last
  double silent_s = 0;  ///< of it: the reader had read everything and zebra said nothing
};

/// Waits until zebra connects and has been quiet. `read` takes in what is there and says how many
/// bytes that were.
template <typename Source, typename Read>
Told from_first_to_last(const Source& fds, const Read& read) {
  MonoNs first = 0;
  MonoNs last = 0;
  Told told;
  for (;;) {
    std::vector<pollfd> watched;
    for (const int fd : fds()) {
      watched.push_back({fd, POLLIN, 0});
    }
    if (::poll(watched.data(), watched.size(), first == 0 ? connect_ms : quiet_ms) <= 0) {
      told.all_s = to_s(last - first);
      return told;
    }
    const MonoNs now = mono_now();
    if (read() > 0) {
      if (first != 0 && now - last > pause) {
        told.silent_s += to_s(now - last);
      }
      first = first == 0 ? now : first;
      last = mono_now();
    }
  }
}

void zebra_to_sink(benchmark::State& state, bench::Zebra& zebra) {
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    const Fd listener = zebra.listen();
    Fd connection;
    bytes = 0;
    std::vector<char> room(std::size_t{1} << 20U);
    const double zebra_before = zebra.cpu_s();
    const Told told = from_first_to_last(
        [&] { return std::vector<int>{connection ? connection.get() : listener.get()}; },
        [&]() -> std::size_t {
          if (!connection) {
            connection = Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
            return 0;
          }
          const auto count = ::recv(connection.get(), room.data(), room.size(), 0);
          bytes += count > 0 ? static_cast<std::uint64_t>(count) : 0;
          return count > 0 ? static_cast<std::size_t>(count) : 0;
        });
    state.SetIterationTime(told.all_s);
    state.counters["zebra_silent_s"] = told.silent_s;
    state.counters["zebra_cpu_s"] = zebra.cpu_s() - zebra_before;
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}

void zebra_to_tables(benchmark::State& state, bench::Zebra& zebra) {
  for (auto _ : state) {
    auto npu = std::make_unique<Npu>(zebra.ifindex());
    fpm::FpmServer server(zebra.listen(), npu->feed);
    const double zebra_before = zebra.cpu_s();
    double busy = 0;
    const Told told = from_first_to_last([&] { return server.fds(); },
                                         [&] {
                                           const auto before = server.counters().bytes;
                                           const double began = cpu_of_thread_s();
                                           server.serve();
                                           busy += cpu_of_thread_s() - began;
                                           return server.counters().bytes - before;
                                         });
    state.SetIterationTime(told.all_s);
    state.counters["zebra_silent_s"] = told.silent_s;
    state.counters["zebra_cpu_s"] = zebra.cpu_s() - zebra_before;
    state.counters["npud_cpu_s"] = busy;
    state.counters["routes"] = static_cast<double>(npu->tables.counts().daemon4);
    state.counters["bytes"] = static_cast<double>(server.counters().bytes);
    state.counters["faults"] = static_cast<double>(npu->feed.counters().faults());
  }
}

void add_own(const char* name, std::uint8_t family, Saying saying, bool again) {
  benchmark::RegisterBenchmark(name, own_work, family, saying, again)
      ->Iterations(1)
      ->Repetitions(5)
      ->ReportAggregatesOnly()
      ->Unit(benchmark::kMillisecond);
}

/// The calling thread gets the last core; zebra is there already and may run on any.
void take_own_core() {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_ONLN) - 1), &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

template <typename Work>
void add_zebra(const char* name, Work work, bench::Zebra& zebra) {
  benchmark::RegisterBenchmark(name,
                               [work, &zebra](benchmark::State& state) { work(state, zebra); })
      ->UseManualTime()
      ->Iterations(1)
      ->Repetitions(3)
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
  const bool own_only = argc > 1 && std::strcmp(argv[1], "own") == 0;
  benchmark::Initialize(&argc, argv);
  add_own("own/ipv4/by_id", 4, Saying::by_id, false);
  add_own("own/ipv4/by_hops", 4, Saying::by_hops, false);
  add_own("own/ipv4/same_again", 4, Saying::by_id, true);
  add_own("own/ipv4/pairs_again", 4, Saying::pairs, true);
  add_own("own/ipv6/by_id", 6, Saying::by_id, false);
  add_own("own/ipv6/by_hops", 6, Saying::by_hops, false);
  std::unique_ptr<bench::Zebra> zebra;
  if (const std::string missing = test::DaemonLab::missing(); own_only || !missing.empty()) {
    std::fprintf(stderr, "no zebra beside it: %s\n",
                 own_only ? "asked for without" : missing.c_str());
  } else {
    zebra = std::make_unique<bench::Zebra>(bench::realistic_prefixes(4, routes4));
    take_own_core();
    add_zebra("zebra/to_sink", zebra_to_sink, *zebra);
    add_zebra("zebra/to_tables", zebra_to_tables, *zebra);
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
