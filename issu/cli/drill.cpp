#include "issu/drill/drill.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "issu/base/file.hpp"
#include "issu/base/reasons.hpp"
#include "issu/cli/command.hpp"
#include "issu/cli/drill_ledger.hpp"
#include "issu/cli/drill_matrix.hpp"
#include "issu/cli/report_files.hpp"

namespace issu::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> scenarios;
  std::string label;
  std::string junit;
  std::string json;
  std::string images;
  std::string work;
  std::string ledger;
  ReportFiles files;
  bool keep = false;
};

/// The .toml files that the words name, a folder's in the order of their names.
Result<std::vector<fs::path>> files_of(const std::vector<std::string>& words) {
  std::vector<fs::path> files;
  for (const std::string& word : words) {
    std::error_code error;
    if (!fs::is_directory(word, error)) {
      files.emplace_back(word);
      continue;
    }
    const auto begin = static_cast<std::ptrdiff_t>(files.size());
    for (const auto& entry : fs::directory_iterator(word, error)) {
      if (entry.path().extension() == ".toml") {
        files.push_back(entry.path());
      }
    }
    std::sort(files.begin() + begin, files.end());
  }
  if (files.empty()) {
    return fail("no scenario was found", "name a file, or a folder with .toml files in it",
                ErrorKind::usage);
  }
  return files;
}

/// All of them, or all that is wrong with any.
Result<std::vector<drill::Scenario>> load(const std::vector<std::string>& words) {
  auto files = files_of(words);
  if (!files) {
    return fail(std::move(files).error());
  }
  std::vector<drill::Scenario> scenarios;
  std::optional<Error> errors;
  for (const fs::path& file : *files) {
    auto scenario = drill::load_scenario(file);
    if (scenario) {
      scenarios.push_back(std::move(*scenario));
    } else if (errors) {
      errors->also(std::move(scenario).error());
    } else {
      errors = std::move(scenario).error();
    }
  }
  if (errors) {
    return fail(std::move(*errors));
  }
  return scenarios;
}

drill::DrillOptions drill_options(const Options& options) {
  drill::DrillOptions all = drill::default_options();
  if (!options.images.empty()) {
    all.images = fs::absolute(options.images).lexically_normal();
  }
  if (!options.work.empty()) {
    all.work = fs::absolute(options.work).lexically_normal();
  }
  all.label = options.label;
  all.keep = options.keep;
  all.say = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  return all;
}

/// A drill that could not be judged is a failed one: the others are still run.
drill::DrillOutcome not_judged(const drill::Scenario& scenario, const Error& error) {
  drill::DrillOutcome outcome;
  outcome.scenario = scenario.name;
  outcome.about = scenario.about;
  outcome.judgements.push_back(
      {"the drill runs to its end", "no error", error.message(), false, {}, true});
  return outcome;
}

Result<void> write_documents(const std::vector<drill::DrillOutcome>& outcomes,
                             const Options& options) {
  if (!options.junit.empty()) {
    ISSU_TRY(write_file_atomic(fs::absolute(options.junit), drill::to_junit(outcomes), 0644),
             "writing the JUnit report");
  }
  std::string text;
  std::vector<nlohmann::ordered_json> documents;
  for (const drill::DrillOutcome& outcome : outcomes) {
    const std::string document = drill::to_json(outcome);
    text += (text.empty() ? "" : ",\n") + document;
    documents.push_back(nlohmann::ordered_json::parse(document));
  }
  ISSU_TRY(write_drill_files(options.files, documents), "");
  if (options.json.empty()) {
    return {};
  }
  text = outcomes.size() == 1 ? text : "[\n" + text + "]\n";
  if (options.json == "-") {
    fmt::print("{}", text);
    return {};
  }
  return write_file_atomic(fs::absolute(options.json), text, 0644);
}

Result<bool> run_all(const Options& options) {
  const drill::DrillOptions how = drill_options(options);
  auto scenarios = load(options.scenarios);
  if (!scenarios) {
    return fail(std::move(scenarios).error());
  }
  if (auto ready = drill::check_drills(*scenarios, how); !ready) {
    return fail(std::move(ready).error());
  }
  ISSU_TRY(check_ledger(options.ledger), "");
  ISSU_TRY(make_dirs(how.work), "the work folder");
  ISSU_TRY(drill::clean_up(how.work, false), "before the first drill");
  drill::Interrupt interrupt;
  std::vector<drill::DrillOutcome> outcomes;
  Reasons not_added;
  for (const drill::Scenario& scenario : *scenarios) {
    auto outcome = drill::run_drill(scenario, how, interrupt);
    outcomes.push_back(outcome ? std::move(*outcome) : not_judged(scenario, outcome.error()));
    fmt::print(options.json == "-" ? stderr : stdout, "{}", drill::to_table(outcomes.back()));
    // The other drills are run all the same.
    if (auto added = add_to_ledger(options.ledger, outcomes.back()); !added) {
      not_added.add(std::move(added).error().within(scenario.name));
    }
    if (interrupt.came()) {
      break;
    }
  }
  ISSU_TRY(write_documents(outcomes, options), "");
  ISSU_TRY(std::move(not_added).result(), "");
  return outcomes.size() == scenarios->size() &&
         std::all_of(outcomes.begin(), outcomes.end(),
                     [](const drill::DrillOutcome& outcome) { return outcome.passed(); });
}

void add_run(CLI::App& command, Exit& exit) {
  auto options = std::make_shared<Options>();
  CLI::App* run = command.add_subcommand("run", "Build a lab, upgrade under load, judge, clean up");
  run->add_option("scenario", options->scenarios, "Scenario files, or folders of them")->required();
  run->add_option("--label", options->label, "A name for this run, in its documents");
  run->add_option("--junit", options->junit, "Write a JUnit report to this file");
  run->add_option("--json", options->json,
                  "Write the drill's document to this file (- for stdout)");
  run->add_option("--ledger", options->ledger,
                  "Add the upgrades to this SLA ledger; `issu sla show --ledger` shows it");
  run->add_option("--images", options->images, "Folder of the images and their keyring");
  run->add_option("--work", options->work, "Folder for the lab's files, in place of /tmp");
  run->add_flag("--keep", options->keep,
                "Leave the lab standing; `issu drill clean --kept` ends it");
  add_report_files(*run, options->files);
  add_example(
      *run, "issu drill run scenarios/container-restart.toml --junit drill.xml --html drill.html");
  run->callback([options, &exit] {
    auto passed = run_all(*options);
    exit.code = !passed ? say_error(passed.error(), false) : *passed ? 0 : 1;
  });
}

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
    auto scenarios = load(options->scenarios);
    if (!scenarios) {
      exit.code = say_error(scenarios.error(), false);
      return;
    }
    for (const drill::Scenario& scenario : *scenarios) {
      fmt::print("{:<24} {}\n{:<24} {}\n", scenario.name, scenario.about, "",
                 scenario.file.string());
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
  clean->add_flag("--kept", options->keep, "Also those that --keep left standing");
  add_example(*clean, "issu drill clean");
  clean->callback([options, &exit] {
    auto names = drill::clean_up(drill_options(*options).work, options->keep);
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
  add_run(*command, exit);
  add_list(*command, exit);
  add_show(*command, exit);
  add_clean(*command, exit);
  add_drill_matrix(*command, exit);
}

}  // namespace issu::cli
