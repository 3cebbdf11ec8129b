#include "issu/drill/drill.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "issu/base/file.hpp"
#include "issu/cli/command.hpp"
#include "issu/cli/drill_matrix.hpp"
#include "issu/cli/drill_run.hpp"
#include "issu/cli/drill_scenarios.hpp"
#include "issu/cli/report_files.hpp"
#include "issu/drill/matrix_table.hpp"

namespace issu::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> scenarios;
  std::string work;
  bool kept = false;
};

void add_list(CLI::App& command, Exit& exit) {
  auto options = std::make_shared<Options>();
  CLI::App* list = command.add_subcommand("list", "The scenarios that there are");
  list->add_option("scenario", options->scenarios, "Scenario files, or folders of them");
  add_example(*list, "issu drill list scenarios");
  list->callback([options, &exit] {
    if (options->scenarios.empty()) {
      const fs::path folder = drill::default_options().issu.parent_path() / "../../../scenarios";
      options->scenarios = {folder.lexically_normal().string()};
    }
    auto scenarios = load_scenarios(options->scenarios);
    if (!scenarios) {
      exit.code = say_error(scenarios.error(), false);
      return;
    }
    for (const drill::Scenario& scenario : *scenarios) {
      fmt::print("{:<24} {}\n", scenario.name, scenario.about);
      if (!scenario.labels.empty()) {
        fmt::print("{:<24} labels: {}\n", "", fmt::join(scenario.labels, ", "));
      }
      fmt::print("{:<24} {}\n", "", scenario.file.string());
    }
  });
}

/// The drills of one file, which has a document or a list of them.
Result<std::vector<nlohmann::ordered_json>> documents_in(const std::string& file) {
  const auto text = read_file(file);
  if (!text) {
    return fail(text.error());
  }
  auto document = nlohmann::ordered_json::parse(*text, nullptr, false);
  if (!document.is_array()) {
    document = nlohmann::ordered_json::array({std::move(document)});
  }
  std::vector<nlohmann::ordered_json> all(document.begin(), document.end());
  for (const auto& each : all) {
    if (!each.is_object() || !each.contains("scenario")) {
      return fail(file + " is not a drill's document", "name what `issu drill run --json` wrote",
                  ErrorKind::usage);
    }
  }
  return all;
}

Result<void> show(const std::vector<std::string>& files, const ReportFiles& reports) {
  std::vector<nlohmann::ordered_json> all;
  for (const std::string& file : files) {
    auto documents = documents_in(file);
    if (!documents) {
      return fail(std::move(documents).error());
    }
    for (auto& document : *documents) {
      fmt::print("\n{}", drill::closing_report(document.dump()));
      all.push_back(std::move(document));
    }
  }
  fmt::print("{}", drill::matrix_tables(all));
  return write_drill_files(reports, all);
}

void add_show(CLI::App& command, Exit& exit) {
  auto files = std::make_shared<std::vector<std::string>>();
  auto reports = std::make_shared<ReportFiles>();
  CLI::App* show_it = command.add_subcommand("show", "A drill's document in a few lines");
  show_it->add_option("document", *files, "What `issu drill run --json` wrote")->required();
  add_report_files(*show_it, *reports);
  add_example(*show_it,
              "issu drill show build/quickstart/container-restart.json --html drill.html");
  show_it->callback([files, reports, &exit] {
    auto shown = show(*files, *reports);
    exit.code = shown ? 0 : say_error(shown.error(), false);
  });
}

void add_clean(CLI::App& command, Exit& exit) {
  auto options = std::make_shared<Options>();
  CLI::App* clean = command.add_subcommand("clean", "Take away labs whose drill was killed");
  clean->add_option("--work", options->work, "The folder that was named with --work");
  clean->add_flag("--kept", options->kept, "Also those that --keep left standing");
  add_example(*clean, "issu drill clean");
  clean->callback([options, &exit] {
    const fs::path work = options->work.empty() ? drill::default_options().work
                                                : fs::absolute(options->work).lexically_normal();
    auto names = drill::clean_up(work, options->kept, drill::default_options().issu);
    if (!names) {
      exit.code = say_error(names.error(), false);
      return;
    }
    for (const std::string& name : *names) {
      fmt::print("{}: taken away\n", name);
    }
    if (names->empty()) {
      fmt::print("nothing to clean up\n");
    }
  });
}

}  // namespace

void add_drill_command(CLI::App& app, Exit& exit) {
  CLI::App* command = app.add_subcommand("drill", "Upgrades of a lab under load, with faults");
  command->require_subcommand(1);
  add_drill_run(*command, exit);
  add_list(*command, exit);
  add_show(*command, exit);
  add_clean(*command, exit);
  add_drill_matrix(*command, exit);
}

}  // namespace issu::cli
