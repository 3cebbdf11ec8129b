#include "issu/cli/drill_matrix.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <algorithm>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>

#include "issu/base/file.hpp"
#include "issu/cli/matrix_scenario.hpp"
#include "issu/drill/drill.hpp"
#include "issu/fault_matrix.hpp"

namespace issu::cli {
namespace {

namespace fs = std::filesystem;

struct MatrixOptions {
  std::string strategy;
  std::string phase;
  std::string moment;
  std::string fault;
  bool list = false;
  bool real = false;
  bool chosen = false;
  bool json = false;
  std::string junit;
  std::string images;
  std::string work;
  std::string done;
};

std::vector<Cell> cells_of(const MatrixOptions& options) {
  std::vector<Cell> cells = fault_matrix();
  const auto is = [](const std::string& wanted, std::string_view name) {
    return wanted.empty() || wanted == name;
  };
  std::erase_if(cells, [&](const Cell& cell) {
    return !is(options.strategy, cell.strategy->name) || !is(options.phase, cell.phase.name) ||
           !is(options.moment, name_of(cell.moment)) || !is(options.fault, cell.fault.name) ||
           (options.real && !scenario_of(cell)) || (options.chosen && !is_chosen(cell));
  });
  return cells;
}

int list(const MatrixOptions& options, const std::vector<Cell>& cells) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const Cell& cell : cells) {
    const bool real = scenario_of(cell).has_value();
    if (options.json) {
      json.push_back({{"cell", cell.name()},
                      {"strategy", cell.strategy->name},
                      {"phase", cell.phase.name},
                      {"moment", name_of(cell.moment)},
                      {"fault", cell.fault.name},
                      {"what", cell.fault.what},
                      {"in_data_plane", cell.fault.in_data_plane},
                      {"real", real},
                      {"chosen", is_chosen(cell)}});
    } else {
      fmt::print("{:<48}{:<6}{}\n", cell.name(), real ? "real" : "", cell.fault.what);
    }
  }
  if (options.json) {
    fmt::print("{}\n", json.dump(2));
  } else {
    fmt::print("{} cells; all are played on fakes by test_fault_matrix\n", cells.size());
  }
  return 0;
}

/// Names of cells that passed before, one a line.
std::set<std::string> passed_before(const std::string& file) {
  std::set<std::string> names;
  if (file.empty()) {
    return names;
  }
  std::istringstream lines(read_file(file).value_or(""));
  for (std::string line; std::getline(lines, line);) {
    names.insert(line);
  }
  return names;
}

Result<void> note(const std::string& file, const std::set<std::string>& names) {
  if (file.empty()) {
    return {};
  }
  std::string text;
  for (const std::string& name : names) {
    text += name + "\n";
  }
  return write_file_atomic(fs::absolute(file), text, 0644);
}

Result<drill::DrillOutcome> play(const Cell& cell, const drill::DrillOptions& how,
                                 drill::Interrupt& interrupt) {
  const fs::path file = how.work / fmt::format("issu-matrix-{}.toml", ::getpid());
  ISSU_TRY(write_file_atomic(file, *scenario_of(cell)), "writing the cell's scenario");
  auto scenario = drill::load_scenario(file);
  std::error_code ignored;
  fs::remove(file, ignored);
  if (!scenario) {
    return fail(std::move(scenario).error());
  }
  ISSU_TRY(drill::check_drills({*scenario}, how), "");
  drill::DrillOptions named = how;
  named.say = [&](const std::string& line) { how.say(scenario->name + ": " + line); };
  return drill::run_drill(*scenario, named, interrupt);
}

/// One cell after the other; those that are noted as passed are left out.
Result<bool> play_all(const MatrixOptions& options, const std::vector<Cell>& cells) {
  drill::DrillOptions how = drill::default_options();
  if (!options.images.empty()) {
    how.images = fs::absolute(options.images).lexically_normal();
  }
  if (!options.work.empty()) {
    how.work = fs::absolute(options.work).lexically_normal();
  }
  how.say = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  ISSU_TRY(make_dirs(how.work), "the work folder");
  ISSU_TRY(drill::clean_up(how.work, false, how.issu), "before the first cell");
  drill::Interrupt interrupt;
  std::set<std::string> passed = passed_before(options.done);
  std::vector<drill::DrillOutcome> outcomes;
  bool all = true;
  for (const Cell& cell : cells) {
    if (passed.contains(cell.name()) || interrupt.came()) {
      continue;
    }
    auto outcome = play(cell, how, interrupt);
    if (!outcome) {
      drill::DrillOutcome none;
      none.scenario = cell.name();
      none.judgements.push_back(
          {"the cell is played to its end", "no error", outcome.error().message(), false, {}});
      outcome = std::move(none);
    }
    fmt::print("{}", drill::to_table(*outcome));
    if (outcome->passed()) {
      passed.insert(cell.name());
      ISSU_TRY(note(options.done, passed), "noting what passed");
    }
    all = all && outcome->passed();
    outcomes.push_back(std::move(*outcome));
  }
  if (!options.junit.empty()) {
    ISSU_TRY(write_file_atomic(fs::absolute(options.junit), drill::to_junit(outcomes), 0644),
             "writing the JUnit report");
  }
  fmt::print("{} of {} cells played, {} left out as passed before\n", outcomes.size(), cells.size(),
             cells.size() - outcomes.size());
  return all && !interrupt.came();
}

int matrix(const MatrixOptions& options) {
  const std::vector<Cell> cells = cells_of(options);
  if (cells.empty()) {
    return say_error(Error("no cell of the fault matrix is meant by that",
                           "`issu drill matrix --list` has the names", ErrorKind::usage),
                     options.json);
  }
  if (options.list || !options.real) {
    return list(options, cells);
  }
  auto passed = play_all(options, cells);
  return !passed ? say_error(passed.error(), options.json) : *passed ? 0 : 1;
}

}  // namespace

void add_drill_matrix(CLI::App& drill, Exit& exit) {
  auto options = std::make_shared<MatrixOptions>();
  CLI::App* command = drill.add_subcommand(
      "matrix", "Every phase with every fault: the cells, and real ones of it");
  command->add_flag("--list", options->list, "Say the cells, play none (without --real, too)");
  command->add_flag("--real", options->real,
                    "Play the cells that drills can bring about in containers, one after another");
  command->add_flag("--chosen", options->chosen, "The few that every change has to pass");
  command->add_option("--strategy", options->strategy, "Cells of this strategy");
  command->add_option("--phase", options->phase, "Cells of this phase");
  command->add_option("--moment", options->moment, "before, during or after the phase's step");
  command->add_option("--fault", options->fault, "Cells of this fault");
  command->add_option("--done", options->done,
                      "File that cells which passed are noted in; those in it are left out");
  command->add_option("--junit", options->junit, "Write a JUnit report to this file");
  command->add_option("--images", options->images, "Folder of the images and their keyring");
  command->add_option("--work", options->work, "Folder for the labs' files, in place of /tmp");
  command->add_flag("--json", options->json, "The list as JSON on standard output");
  add_example(*command, "issu drill matrix --list --phase freeze --fault killed");
  command->callback([options, &exit] { exit.code = matrix(*options); });
}

}  // namespace issu::cli
