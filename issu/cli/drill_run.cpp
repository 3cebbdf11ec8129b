#include "issu/cli/drill_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"
#include "issu/base/reasons.hpp"
#include "issu/cli/drill_artifacts.hpp"
#include "issu/cli/drill_ledger.hpp"
#include "issu/cli/drill_scenarios.hpp"
#include "issu/cli/report_files.hpp"
#include "issu/drill/drill.hpp"
#include "issu/drill/labels.hpp"
#include "issu/drill/matrix_table.hpp"
#include "issu/drill/pool.hpp"

namespace issu::cli {
namespace {

namespace fs = std::filesystem;
using drill::DrillOutcome;
using drill::Scenario;

struct DrillRunOptions {
  std::vector<std::string> scenarios;
  std::vector<std::string> labels;
  std::string run_name;
  std::string junit;
  std::string json;
  std::string images;
  std::string work;
  std::string ledger;
  std::string artifacts;
  ReportFiles files;
  unsigned jobs = 1;
  unsigned retries = 0;
  unsigned times = 0;      ///< 0: the scenario's
  std::uint64_t seed = 0;  ///< 0: the scenario's
  bool strict = false;
  bool keep = false;
  bool plan = false;
};

drill::DrillOptions drill_options(const DrillRunOptions& options) {
  drill::DrillOptions all = drill::default_options();
  if (!options.images.empty()) {
    all.images = fs::absolute(options.images).lexically_normal();
  }
  if (!options.work.empty()) {
    all.work = fs::absolute(options.work).lexically_normal();
  }
  all.run = options.run_name;
  all.keep = options.keep;
  return all;
}

/// Those that the labels choose, with the operator's word on soaks.
Result<std::vector<Scenario>> chosen(const DrillRunOptions& options) {
  auto all = load_scenarios(options.scenarios);
  if (!all) {
    return fail(std::move(all).error());
  }
  auto scenarios = drill::with_labels(std::move(*all), options.labels);
  if (!scenarios) {
    return fail(std::move(scenarios).error());
  }
  drill::SoakWords words;
  words.times = options.times == 0 ? std::nullopt : std::optional(options.times);
  words.seed = options.seed == 0 ? std::nullopt : std::optional(options.seed);
  bool any = false;
  for (Scenario& scenario : *scenarios) {
    any = drill::apply(words, scenario) || any;
  }
  if ((words.times || words.seed) && !any) {
    return fail("--times and --seed are for soaks, and none of these drills has one",
                "take them away, or name a scenario with a soak step", ErrorKind::usage);
  }
  return scenarios;
}

std::vector<drill::Planned> plan_of(const std::vector<Scenario>& scenarios) {
  std::vector<drill::Planned> plan;
  for (const Scenario& scenario : scenarios) {
    plan.push_back({scenario.name, drill::demand_of(scenario)});
  }
  return plan;
}

drill::Capacity capacity_of(const DrillRunOptions& options) {
  return {options.jobs, std::max(std::thread::hardware_concurrency(), 1U)};
}

void say_plan(const std::vector<drill::Planned>& plan, const drill::Capacity& capacity,
              std::FILE* file) {
  for (const drill::Planned& each : plan) {
    fmt::print(file, "{}: {}\n", each.name, drill::words_of(each.demand, capacity));
  }
  fmt::print(file, "{} drill{}, at most {} at once\n", plan.size(), plan.size() == 1 ? "" : "s",
             capacity.jobs);
}

std::vector<nlohmann::ordered_json> documents_of(const std::vector<DrillOutcome>& outcomes) {
  std::vector<nlohmann::ordered_json> documents;
  for (const DrillOutcome& outcome : outcomes) {
    documents.push_back(nlohmann::ordered_json::parse(drill::to_json(outcome)));
  }
  return documents;
}

Result<void> write_documents(const std::vector<DrillOutcome>& outcomes,
                             const std::vector<nlohmann::ordered_json>& documents,
                             const DrillRunOptions& options) {
  if (!options.junit.empty()) {
    ISSU_TRY(write_file_atomic(fs::absolute(options.junit), drill::to_junit(outcomes), 0644),
             "writing the JUnit report");
  }
  ISSU_TRY(write_drill_files(options.files, documents), "");
  if (options.json.empty()) {
    return {};
  }
  std::string text;
  for (const DrillOutcome& outcome : outcomes) {
    text += (text.empty() ? "" : ",\n") + drill::to_json(outcome);
  }
  text = outcomes.size() == 1 ? text : "[\n" + text + "]\n";
  if (options.json == "-") {
    fmt::print("{}", text);
    return {};
  }
  return write_file_atomic(fs::absolute(options.json), text, 0644);
}

/// Of several drills, what they are together.
std::string summary(const std::vector<DrillOutcome>& outcomes,
                    const std::vector<nlohmann::ordered_json>& documents) {
  const auto count = [&](auto&& is) { return std::count_if(outcomes.begin(), outcomes.end(), is); };
  const auto flaky = count([](const DrillOutcome& each) { return each.flaky; });
  const auto failed = count([](const DrillOutcome& each) { return !each.passed() && !each.flaky; });
  const auto all = static_cast<std::ptrdiff_t>(outcomes.size());
  return drill::matrix_tables(documents) + (all == 1 ? "" : "\n") +
         (all == 1 ? ""
                   : fmt::format("{} drills: {} passed, {} flaky, {} failed\n", all,
                                 all - flaky - failed, flaky, failed));
}

Result<void> check(const std::vector<Scenario>& scenarios, const drill::DrillOptions& how,
                   const DrillArtifacts& artifacts, const DrillRunOptions& options) {
  ISSU_TRY(drill::check_drills(scenarios, how), "");
  ISSU_TRY(check_ledger(options.ledger), "");
  std::vector<std::string> names;
  for (const Scenario& scenario : scenarios) {
    names.push_back(scenario.name);
  }
  ISSU_TRY(artifacts.check(names), "");
  ISSU_TRY(make_dirs(how.work), "the work folder");
  auto cleaned = drill::clean_up(how.work, false, how.issu);
  return cleaned ? Result<void>() : pass(std::move(cleaned).error(), "before the first drill");
}

Result<bool> run_all(const DrillRunOptions& options) {
  auto scenarios = chosen(options);
  if (!scenarios) {
    return fail(std::move(scenarios).error());
  }
  const std::vector<drill::Planned> plan = plan_of(*scenarios);
  const drill::Capacity capacity = capacity_of(options);
  if (options.plan) {
    say_plan(plan, capacity, stdout);
    return true;
  }
  const drill::DrillOptions how = drill_options(options);
  const DrillArtifacts artifacts(options.artifacts.empty() ? fs::path()
                                                           : fs::absolute(options.artifacts));
  ISSU_TRY(check(*scenarios, how, artifacts, options), "");
  if (plan.size() > 1) {
    say_plan(plan, capacity, stderr);
  }
  drill::Interrupt interrupt;
  Reasons not_written;
  drill::PoolOptions pool;
  pool.capacity = capacity;
  pool.retries = options.retries;
  pool.strict = options.strict;
  pool.say = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  pool.log = [&](std::size_t drill, unsigned attempt, const std::string& line) {
    artifacts.log(plan[drill].name, attempt, line);
  };
  // A document that could not be written does not stop the other drills.
  pool.attempted = [&](const DrillOutcome& outcome) {
    for (auto written : {artifacts.write(outcome), add_to_ledger(options.ledger, outcome)}) {
      if (!written) {
        not_written.add(std::move(written).error().within(outcome.scenario));
      }
    }
  };
  pool.ended = [&](const DrillOutcome& outcome) {
    fmt::print(options.json == "-" ? stderr : stdout, "{}", drill::to_table(outcome));
    std::fflush(stdout);
  };
  const auto play = [&](std::size_t drill, unsigned attempt, const drill::Say& say) {
    const Scenario& scenario = (*scenarios)[drill];
    drill::DrillOptions mine = how;
    mine.say = say;
    mine.evidence = artifacts.evidence(scenario.name, attempt);
    const MonoNs began = mono_now();
    auto outcome = drill::run_drill(scenario, mine, interrupt);
    if (!outcome) {
      DrillOutcome none = drill::not_judged(scenario.name, outcome.error());
      none.seconds = to_s(mono_now() - began);
      none.about = scenario.about;
      none.run = how.run;
      none.labels = scenario.labels;
      none.cell = scenario.cell;
      return none;
    }
    return std::move(*outcome);
  };
  const std::vector<DrillOutcome> outcomes = drill::run_pool(plan, play, pool, interrupt);
  const auto documents = documents_of(outcomes);
  fmt::print(options.json == "-" ? stderr : stdout, "{}", summary(outcomes, documents));
  ISSU_TRY(write_documents(outcomes, documents, options), "");
  ISSU_TRY(std::move(not_written).result(), "");
  return outcomes.size() == scenarios->size() &&
         std::all_of(outcomes.begin(), outcomes.end(),
                     [](const DrillOutcome& outcome) { return outcome.passed(); });
}

void add_choice(CLI::App& run, DrillRunOptions& options) {
  run.add_option("scenario", options.scenarios, "Scenario files, or folders of them")->required();
  run.add_option("--label", options.labels,
                 "Only scenarios with this label; of several, those that have all")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  run.add_option("--times", options.times, "Upgrades of a soak, in place of its scenario's")
      ->check(CLI::Range(2, 100'000));
  run.add_option("--seed", options.seed, "Of a soak's faults: the same seed, the same faults")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{9'007'199'254'740'991}));
  run.add_flag("--plan", options.plan,
               "Only say which drills would be run, and which beside each other");
}

void add_way(CLI::App& run, DrillRunOptions& options) {
  run.add_option("--jobs", options.jobs,
                 "Drills at once, where they don't disturb each other (default: 1)")
      ->check(CLI::Range(1, 64));
  run.add_option("--retries", options.retries,
                 "Further attempts at a drill that failed; one that needs them is flaky")
      ->check(CLI::Range(0, 10));
  run.add_flag("--strict", options.strict, "A flaky drill has failed");
  run.add_option("--images", options.images, "Folder of the images and their keyring");
  run.add_option("--work", options.work, "Folder for the lab's files, in place of /tmp");
  run.add_flag("--keep", options.keep, "Leave the lab standing; `issu drill clean --kept` ends it");
}

void add_results(CLI::App& run, DrillRunOptions& options) {
  run.add_option("--run-name", options.run_name, "A name for this run, in its documents");
  run.add_option("--artifacts", options.artifacts,
                 "Folder for each attempt's document, page, log and evidence");
  run.add_option("--junit", options.junit, "Write a JUnit report to this file");
  run.add_option("--json", options.json, "Write the drill's document to this file (- for stdout)");
  run.add_option("--ledger", options.ledger,
                 "Add the upgrades to this SLA ledger; `issu sla show --ledger` shows it");
  add_report_files(run, options.files);
}

}  // namespace

void add_drill_run(CLI::App& drill, Exit& exit) {
  auto options = std::make_shared<DrillRunOptions>();
  CLI::App* run = drill.add_subcommand("run", "Build a lab, upgrade under load, judge, clean up");
  add_choice(*run, *options);
  add_way(*run, *options);
  add_results(*run, *options);
  add_example(
      *run, "issu drill run scenarios/container-restart.toml --junit drill.xml --html drill.html");
  add_example(*run,
              "issu drill run scenarios --label ci --jobs 4 --retries 1 --artifacts drills "
              "--junit drills.xml");
  run->callback([options, &exit] {
    auto passed = run_all(*options);
    exit.code = !passed ? say_error(passed.error(), false) : *passed ? 0 : 1;
  });
}

}  // namespace issu::cli
