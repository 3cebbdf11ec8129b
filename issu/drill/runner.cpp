#include "issu/drill/runner.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace issu::drill {
namespace {

using nlohmann::json;

/// No upgrade of a drill takes longer: its own deadlines are shorter.
constexpr auto kLongest = std::chrono::minutes(15);
constexpr std::size_t kDifferencesTold = 12;

Argv upgrade_words(const UpgradeStep& step, const std::filesystem::path& images) {
  const bool path = step.image.find('/') != std::string::npos;
  Argv words{"upgrade", "--image", path ? step.image : (images / (step.image + ".raucb")).string()};
  words.insert(words.end(), step.args.begin(), step.args.end());
  if (!step.fault().empty()) {
    words.emplace_back("--foreground");
  }
  return words;
}

}  // namespace

Result<void> Runner::run(const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (interrupt_->came()) {
      return fail("interrupted");
    }
    ISSU_TRY(take(step), "step \"" + step.name + "\"");
  }
  return {};
}

Result<void> Runner::take(const Step& step) {
  if (!std::holds_alternative<RepeatStep>(step.what)) {
    stage_->say("step: " + step.name);
  }
  if (const auto* upgrade = std::get_if<UpgradeStep>(&step.what)) {
    return take_upgrade(*upgrade, step.name);
  }
  if (const auto* command = std::get_if<CommandStep>(&step.what)) {
    return take_command(*command, step.name);
  }
  if (const auto* npu = std::get_if<NpuStep>(&step.what)) {
    return take_npu(*npu, step.name);
  }
  if (const auto* archive = std::get_if<ArchiveStep>(&step.what)) {
    return take_archive(*archive, step.name);
  }
  if (const auto* reset = std::get_if<ResetStep>(&step.what)) {
    return reset_peer(*reset);
  }
  if (const auto* fault = std::get_if<FaultStep>(&step.what)) {
    return take_fault(*fault);
  }
  if (const auto* wait = std::get_if<WaitStep>(&step.what)) {
    return interrupt_->sleep(wait->time) ? fail("interrupted") : Result<void>();
  }
  if (const auto* snapshot = std::get_if<SnapshotStep>(&step.what)) {
    (void)interrupt_->sleep(stage_->settling);
    const Machine& machine = snapshots_[snapshot->label] = stage_->look(stage_->territory);
    std::string counts;
    for (const auto& [kind, names] : machine) {
      counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", names.size(), kind);
    }
    stage_->say("  there are: " + counts);
    return {};
  }
  if (const auto* compare = std::get_if<CompareStep>(&step.what)) {
    return take_compare(*compare);
  }
  if (const auto* walk = std::get_if<WalkStep>(&step.what)) {
    return take_walk(*walk, step.name);
  }
  if (const auto* soak = std::get_if<SoakStep>(&step.what)) {
    return take_soak(*soak, step.name);
  }
  const auto& repeat = std::get<RepeatStep>(step.what);
  for (unsigned turn = 1; turn <= repeat.times; ++turn) {
    stage_->say(fmt::format("turn {} of {}", turn, repeat.times));
    ISSU_TRY(run(repeat.steps), fmt::format("turn {}", turn));
  }
  return {};
}

Result<Program> Runner::start(Argv words, const std::string& fault) {
  Argv argv{stage_->issu.string()};
  argv.insert(argv.end(), words.begin(), words.end());
  for (const std::string& word :
       {std::string("-f"), stage_->router_file.string(), std::string("--json")}) {
    argv.push_back(word);
  }
  const std::string base = fmt::format("{:03}-{}", ++commands_, words.front());
  Program::Places places{stage_->evidence / (base + ".json"),
                         stage_->evidence / (base + ".log"),
                         {},
                         [this](const std::string& line) { stage_->say("  " + line); }};
  if (!fault.empty()) {
    places.environment = {"LD_PRELOAD=" + stage_->fault.string(), "ISSU_FAULT=" + fault};
  }
  return Program::start(argv, std::move(places));
}

Result<int> Runner::end(Program& program) {
  return program.wait(kLongest, *interrupt_);
}

void Runner::judge_exit(const std::string& name, int expected, int got, const Program& program) {
  judgements_.push_back({name + ": exit code", fmt::format("{}", expected), fmt::format("{}", got),
                         expected == got, program.errors()});
}

void Runner::add_upgrade(const std::string& name, int exit_code, const Program& program) {
  const std::string output = program.output();
  const json document = json::parse(output, nullptr, false);
  const bool is_result = document.is_object() && document.contains("outcome");
  upgrades_.push_back({name, exit_code, is_result ? output : "", program.errors()});
}

Result<void> Runner::wait_for_phase(Program& program, const std::string& phase) {
  const Deadline deadline = Deadline::in(kLongest);
  while (!program.poll()) {
    const auto said =
        issu::run({stage_->issu.string(), "status", "-f", stage_->router_file.string(), "--json"});
    const json status = said ? json::parse(said->out, nullptr, false) : json();
    if (status.is_object() && status.value("open", false) && status.value("next", "") == phase) {
      return {};
    }
    if (deadline.passed()) {
      return fail("the upgrade was never in phase " + phase, "see " + program.errors().string());
    }
    if (interrupt_->sleep(std::chrono::milliseconds(50))) {
      return fail("interrupted");
    }
  }
  judgements_.push_back(
      {"the upgrade reaches phase " + phase, phase, "it ended before", false, program.errors()});
  return {};
}

Result<void> Runner::take_upgrade(const UpgradeStep& step, const std::string& name) {
  auto program = start(upgrade_words(step, stage_->images), step.fault());
  if (!program) {
    return fail(std::move(program).error());
  }
  if (!step.until.empty()) {
    ISSU_TRY(wait_for_phase(*program, step.until), "");
    open_.emplace(Open{step, name, std::move(*program)});
    return {};
  }
  auto status = end(*program);
  if (!status) {
    return fail(std::move(status).error());
  }
  if (step.kill_after_record != 0) {
    judgements_.push_back({fmt::format("{}: killed after record {}", name, step.kill_after_record),
                           "137", fmt::format("{}", *status), *status == 137, program->errors()});
    open_.emplace(Open{step, name, std::nullopt});
    return {};
  }
  judge_exit(name, step.exit_code, *status, *program);
  if (!open_) {  // one that was refused because another is open has no document
    add_upgrade(name, *status, *program);
  }
  return {};
}

Result<void> Runner::take_command(const CommandStep& step, const std::string& name) {
  Argv words{step.verb};
  words.insert(words.end(), step.args.begin(), step.args.end());
  auto program = start(std::move(words));
  if (!program) {
    return fail(std::move(program).error());
  }
  auto status = end(*program);
  if (!status) {
    return fail(std::move(status).error());
  }
  judge_exit(name, step.exit_code, *status, *program);
  std::optional<Open> open = std::exchange(open_, std::nullopt);
  if (open && open->program) {
    auto ended = end(*open->program);
    if (!ended) {
      return fail(std::move(ended).error());
    }
    judge_exit(open->name, open->step.exit_code, *ended, *open->program);
    add_upgrade(open->name, *ended, *open->program);
    return {};
  }
  add_upgrade(open ? open->name : name, *status, *program);
  return {};
}

Result<void> Runner::take_compare(const CompareStep& step) {
  const Machine& before = snapshots_[step.label];
  const Deadline deadline = Deadline::in(stage_->settling * 2);
  std::vector<std::string> lines = differences(before, stage_->look(stage_->territory));
  while (!lines.empty() && !deadline.passed()) {
    if (interrupt_->sleep(std::chrono::milliseconds(500))) {
      return fail("interrupted");
    }
    lines = differences(before, stage_->look(stage_->territory));
  }
  const std::size_t count = lines.size();
  if (count > kDifferencesTold) {
    lines.resize(kDifferencesTold);
    lines.push_back(fmt::format("… {} in all", count));
  }
  judgements_.push_back({"nothing is left over since \"" + step.label + "\"",
                         "no difference",
                         count == 0 ? "no difference" : fmt::format("{}", fmt::join(lines, "; ")),
                         count == 0,
                         {}});
  return {};
}

}  // namespace issu::drill
