// A checkpoint of a real FRR with so many routes: dark time and bytes, beside the program
// lxc-checkpoint on the same container, a plain restart of the daemons until they have as many
// routes again, and a memcpy of as many bytes through the same file system. All in one run.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>

#include "tests/bench/checkpoint/copy.hpp"
#include "tests/bench/checkpoint/lxc_program.hpp"
#include "tests/bench/checkpoint/report.hpp"
#include "tests/bench/checkpoint/ways.hpp"

namespace {

using namespace issu;

struct Settings {
  std::vector<std::uint64_t> sizes{1'000, 10'000, 100'000, 500'000, 1'000'000};
  int rounds = 5;
  int restarts = 1;
};

/// One lab at a time: the benchmarks of a size share it, the next size has another.
struct Run {
  drill::DrillOptions options = drill::default_options();
  drill::Interrupt interrupt;
  std::unique_ptr<bench::Router> router;
  bench::Figures figures;

  Result<void> need(std::uint64_t routes) {
    if (router && router->routes() == routes) {
      return {};
    }
    router.reset();
    if (interrupt.came()) {
      return fail("interrupted");
    }
    auto raised = bench::Router::raise(routes, options, interrupt);
    if (!raised) {
      return fail(std::move(raised).error());
    }
    router = std::move(*raised);
    return {};
  }
};

using Body = std::function<Result<double>(Run&, std::uint64_t, benchmark::State&)>;

Result<double> checkpoint(Run& run, std::uint64_t routes, benchmark::State& state) {
  auto done = bench::save_and_restore(*run.router);
  if (!done) {
    return fail(std::move(done).error());
  }
  ISSU_TRY(run.router->check_untouched(), "after the restore");
  const auto note = [&](const std::string& name, double value) {
    run.figures.add(routes, name, value);
    state.counters[name] = value;
  };
  note("bytes", static_cast<double>(done->saved.bytes));
  note("take", done->saved.condition_ms);
  note("freeze", done->saved.freeze_ms);
  note("dump", done->saved.dump_ms);
  note("restore", done->restored.restore_ms);
  note("give back", done->restored.condition_ms);
  run.figures.add(routes, "dark", done->dark_ms);
  return done->dark_ms;
}

Result<double> lxc_program(Run& run, std::uint64_t routes, benchmark::State& state) {
  auto done = bench::lxc_checkpoint(run.router->spec(), bench::Router::slot);
  if (!done) {
    return fail(std::move(done).error());
  }
  ISSU_TRY(run.router->check_untouched(), "after lxc-checkpoint");
  state.counters["bytes"] = static_cast<double>(done->bytes);
  state.counters["dump"] = done->dump_ms;
  state.counters["frozen"] = done->frozen_ms;
  state.counters["restore"] = done->restore_ms;
  const double dark = done->dump_ms + done->restore_ms;
  run.figures.add(routes, "lxc-checkpoint", dark);
  return dark;
}

Result<double> copies(Run& run, std::uint64_t routes, benchmark::State& state) {
  auto copied =
      bench::copy_through(run.router->spec().run_dir / "copy",
                          static_cast<std::uint64_t>(run.figures.median(routes, "bytes")));
  if (!copied) {
    return fail(std::move(copied).error());
  }
  const auto note = [&](const std::string& name, double value) {
    run.figures.add(routes, name, value);
    state.counters[name] = value;
  };
  note("in cold", copied->into_cold_ms);
  note("in warm", copied->into_warm_ms);
  note("out cold", copied->out_cold_ms);
  note("out warm", copied->out_warm_ms);
  return copied->into_warm_ms + copied->out_cold_ms;
}

Result<double> restart(Run& run, std::uint64_t routes, benchmark::State& /*state*/) {
  auto took = bench::restart(*run.router);
  if (took) {
    run.figures.add(routes, "restart", *took);
  }
  return took;
}

void add(Run& run, const std::string& name, std::uint64_t routes, int times, const Body& body) {
  if (times == 0) {
    return;
  }
  const auto once = [&run, routes, body](benchmark::State& state) {
    for (auto _ : state) {
      auto took = run.need(routes);
      auto value = took ? body(run, routes, state) : Result<double>(fail(std::move(took).error()));
      if (!value) {
        state.SkipWithError(value.error().message().c_str());
        break;
      }
      state.SetIterationTime(*value / 1e3);
    }
  };
  benchmark::RegisterBenchmark((name + "/" + std::to_string(routes)).c_str(), once)
      ->UseManualTime()
      ->Iterations(1)
      ->Repetitions(times)
      ->ReportAggregatesOnly(times > 1)
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  CLI::App app("Checkpoints of a route processor beside lxc-checkpoint, a restart and a memcpy");
  Settings settings;
  Run run;
  app.add_option("--routes", settings.sizes, "How many, one lab each")->delimiter(',');
  app.add_option("--rounds", settings.rounds)->capture_default_str();
  app.add_option("--restarts", settings.restarts, "Plain restarts in each lab")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  run.options.issu = run.options.issu.parent_path() / "issu";
  run.options.say = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  for (const std::uint64_t routes : settings.sizes) {
    add(run, "checkpoint", routes, settings.rounds, checkpoint);
    add(run, "lxc-checkpoint", routes, settings.rounds, lxc_program);
    add(run, "memcpy", routes, settings.rounds, copies);
    add(run, "restart", routes, settings.restarts, restart);
  }
  benchmark::RunSpecifiedBenchmarks();
  run.router.reset();
  run.figures.print();
  return 0;
}
