#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "issu/base/file.hpp"
#include "issu/cli/command.hpp"
#include "issu/config/router_config.hpp"
#include "issu/measure/limit.hpp"

namespace issu::cli {
namespace {

struct MeasureOptions {
  std::string file;
  bool json = false;
  double trial_s = 1;
  double highest_pps = 1'000'000;
};

/// Where reports look for it: in the router's state folder.
Result<std::filesystem::path> kept_in(const std::string& router_file) {
  auto config = config::load_router(router_file);
  if (!config) {
    return fail(std::move(config).error());
  }
  return config->router.state_dir / "measure-limit.json";
}

int limit(const MeasureOptions& options) {
  std::filesystem::path kept;
  if (!options.file.empty()) {
    auto path = kept_in(options.file);
    if (!path) {
      return say_error(path.error(), options.json);
    }
    kept = *path;
  }
  measure::LimitOptions search;
  search.trial = std::chrono::milliseconds(static_cast<int>(options.trial_s * 1000));
  search.highest_pps = options.highest_pps;
  search.folder =
      std::filesystem::temp_directory_path() / ("issu-limit-" + std::to_string(::getpid()));
  auto found = measure::find_limit(search, [&](const measure::LimitTrial& trial) {
    if (!options.json) {
      fmt::print("{:>9.0f} pps  {}\n", trial.pps, trial.held ? "held" : trial.why_not);
      std::fflush(stdout);
    }
  });
  if (!found) {
    return say_error(found.error(), options.json);
  }
  const std::string text = measure::limit_to_json(*found);
  if (!kept.empty()) {
    const auto written = make_dirs(kept.parent_path()).and_then([&] {
      return write_file_atomic(kept, text + "\n");
    });
    if (!written) {
      return say_error(written.error(), options.json);
    }
  }
  if (options.json) {
    fmt::print("{}\n", text);
  } else if (found->pps) {
    fmt::print("this machine holds {:.0f} packets a second without a loss\n", *found->pps);
  } else {
    fmt::print("this machine does not hold {:.0f} packets a second now\n", search.lowest_pps);
  }
  return found->pps ? 0 : 1;
}

}  // namespace

void add_measure_command(CLI::App& app, Exit& exit) {
  CLI::App* command = app.add_subcommand("measure", "What the instrument can do on this machine");
  command->require_subcommand(1);
  auto options = std::make_shared<MeasureOptions>();
  CLI::App* sub = command->add_subcommand(
      "limit", "Search the highest rate that is sent, forwarded and received without a loss");
  sub->add_option("-f,--file", options->file,
                  "Keep the rate for the reports of the router that this file describes");
  sub->add_flag("--json", options->json, "Print one JSON document");
  sub->add_option("--trial", options->trial_s, "Seconds that each rate is tried")
      ->check(CLI::Range(0.2, 60.0))
      ->capture_default_str();
  sub->add_option("--highest", options->highest_pps, "Packets a second not to go beyond")
      ->check(CLI::Range(10'000.0, 4'000'000.0))
      ->capture_default_str();
  add_example(*sub, "issu measure limit -f router.toml");
  sub->callback([options, &exit] { exit.code = limit(*options); });
}

}  // namespace issu::cli
