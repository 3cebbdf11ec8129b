#include "issu/history.hpp"

#include <fmt/format.h>

#include "issu/base/json.hpp"
#include "issu/cli/command.hpp"
#include "issu/cli/report_files.hpp"
#include "issu/config/router_config.hpp"
#include "issu/report/document.hpp"
#include "issu/report/rfc7654.hpp"
#include "issu/slot_store.hpp"

namespace issu::cli {
namespace {

struct Options : Common {
  std::string id = "last";
  ReportFiles files;
};

Result<History> history_of(const std::string& file) {
  auto config = config::load_router(file);
  if (!config) {
    return fail(std::move(config).error());
  }
  return read_history(SlotStore(config->router.state_dir).history());
}

int list(const Options& options) {
  auto history = history_of(options.file);
  if (!history) {
    return say_error(history.error(), options.json);
  }
  if (options.json) {
    fmt::print("{}\n", nlohmann::ordered_json(*history).dump(2));
    return 0;
  }
  fmt::print("{:<24} {:<14} {:<10} {:<10} {:>10} {:>12}\n", "upgrade", "outcome", "from", "to",
             "lost", "dark ms");
  for (const auto& document : *history) {
    const auto& lost = document["data_plane"]["lost"];
    const auto& dark = document["control_plane"]["dark_ms"];
    fmt::print("{:<24} {:<14} {:<10} {:<10} {:>10} {:>12}\n", value_of(document, "id", ""),
               value_of(document, "outcome", ""), value_of(document, "from", ""),
               value_of(document, "to", ""), lost.is_null() ? "-" : lost.dump(),
               dark.is_null() ? "-" : fmt::format("{:.1f}", dark.get<double>()));
  }
  return 0;
}

int report_one(const Options& options) {
  auto history = history_of(options.file);
  auto document = history ? find_document(*history, options.id)
                          : Result<nlohmann::ordered_json>(tl::unexpected<Error>(history.error()));
  if (!document) {
    return say_error(document.error(), options.json);
  }
  fmt::print("{}\n", options.json
                         ? document->dump(2)
                         : report::to_text(*document, report::trials_of(*document, *history)));
  if (auto written = write_report_files(options.files, *document, *history); !written) {
    return say_error(written.error(), false);
  }
  return 0;
}

}  // namespace

void add_history_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("history", "All upgrades of a router, a line each");
  add_common(*command, *options);
  add_example(*command, "issu history -f router.toml");
  command->callback([options, &exit] { exit.code = list(*options); });
}

void add_report_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("report", "The result of an upgrade");
  add_common(*command, *options);
  command->add_option("id", options->id, "Which one (`issu history` lists them)")
      ->capture_default_str();
  add_report_files(*command, options->files);
  add_example(*command,
              "issu report -f router.toml --html report.html\n"
              "  issu report -f router.toml --metrics "
              "/var/lib/prometheus/node-exporter/issu-edge1.prom");
  command->callback([options, &exit] { exit.code = report_one(*options); });
}

void add_validate_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<Common>();
  CLI::App* command = app.add_subcommand("validate", "Check a router.toml, touch nothing");
  add_common(*command, *options);
  add_example(*command, "issu validate -f router.toml");
  command->callback([options, &exit] {
    auto config = config::load_router(options->file);
    if (!config) {
      exit.code = say_error(config.error(), options->json);
      return;
    }
    const std::string& name = config->router.name;
    if (options->json) {
      fmt::print("{}\n", nlohmann::json{{"valid", true}, {"router", name}}.dump(2));
    } else {
      fmt::print("{} describes the router {}: no faults found\n", options->file, name);
    }
  });
}

}  // namespace issu::cli
