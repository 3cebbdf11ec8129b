#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "issu/drill/readers.hpp"

namespace issu::drill {
namespace {

using config::StrictTable;

const std::vector<std::string> kKinds{"upgrade", "accept",   "abort",   "rollback", "resume",
                                      "wait",    "snapshot", "compare", "repeat",   "walk",
                                      "npu",     "archive",  "reset",   "fault",    "soak"};
const std::vector<std::string> kPhases{"preflight",  "stage",     "checkpoint", "presync", "freeze",
                                       "switchover", "reconcile", "soak",       "commit"};

/// The exit code of an upgrade that was refused before anything was touched.
constexpr int kRefused = 3;
/// A JSON number holds it in every reader.
constexpr double kMostSeed = 9'007'199'254'740'991;

/// What is known while the steps are read in order.
struct Reading {
  std::set<std::string> snapshots;
  bool upgrade_open = false;  ///< an upgrade that a later command has to end
};

std::vector<Step> read_list(std::vector<StrictTable> tables, Reading& reading);

int exit_code(StrictTable& table, int fallback = 0) {
  return static_cast<int>(table.integer("exit_code", {0, 4}, fallback));
}

Step upgrade_step(StrictTable& table, Reading& reading) {
  UpgradeStep step;
  step.image = table.required_text("upgrade");
  step.args = table.texts("args");
  step.exit_code = exit_code(table);
  step.until = table.choice("until", kPhases, "");
  const auto records = [&](const char* key) {
    const auto record = static_cast<unsigned>(table.integer(key, {1, 1000}, 0));
    if (record != 0 && (!step.until.empty() || !step.fault().empty())) {
      table.refuse(key, "stands beside until or another fault", "take one away");
    }
    return record;
  };
  step.kill_after_record = records("kill_after_record");
  step.hang_after_record = records("hang_after_record");
  step.hang_before_record = records("hang_before_record");
  step.clock_after_record = records("clock_after_record");
  if (step.kill_after_record != 0 && table.has("exit_code")) {
    table.refuse("exit_code", "a killed coordinator has none", "take it away");
  }
  if (reading.upgrade_open && step.exit_code == kRefused && step.until.empty() &&
      step.kill_after_record == 0) {
    return {"upgrade " + step.image, 0, step};
  }
  if (reading.upgrade_open) {
    table.refuse("upgrade", "the upgrade before it is still open",
                 "put an accept, abort or resume step between them, or expect exit_code = 3");
  }
  reading.upgrade_open = !step.until.empty() || step.kill_after_record != 0;
  return {"upgrade " + step.image, 0, step};
}

Step command_step(StrictTable& table, const std::string& verb, Reading& reading) {
  if (!table.boolean(verb, true)) {
    table.refuse(verb, "is false", "write " + verb + " = true, or take the step away");
  }
  if (!reading.upgrade_open && (verb == "accept" || verb == "abort")) {
    table.refuse(verb, "no upgrade is open at this step",
                 "put an upgrade step with until = \"soak\" before it");
  }
  reading.upgrade_open = false;
  return {verb, 0, CommandStep{verb, table.texts("args"), exit_code(table)}};
}

Step wait_step(StrictTable& table) {
  const std::string text = table.required_text("wait");
  const auto time = read_time(text);
  if (!time) {
    table.refuse("wait", "\"" + text + "\" is not a time",
                 "write it like \"250ms\", \"5s\", \"2m\"");
  }
  return {"wait " + text, 0, WaitStep{time.value_or(std::chrono::milliseconds(0))}};
}

Step compare_step(StrictTable& table, const Reading& reading) {
  const std::string label = table.required_text("compare");
  if (!label.empty() && !reading.snapshots.contains(label)) {
    table.refuse("compare", "there is no snapshot \"" + label + "\" before this step",
                 config::suggestion(label, {reading.snapshots.begin(), reading.snapshots.end()}));
  }
  return {"compare with " + label, 0, CompareStep{label}};
}

Step repeat_step(StrictTable& table, Reading& reading) {
  RepeatStep step;
  step.times = static_cast<unsigned>(table.integer("repeat", {1, 1000}, 1));
  auto inner = table.tables("do");
  if (inner.empty()) {
    table.refuse("do", "there is nothing to repeat", "add [[step.do]] sections");
  }
  step.steps = read_list(std::move(inner), reading);
  return {fmt::format("repeat {} times", step.times), 0, step};
}

Step walk_step(StrictTable& table) {
  WalkStep step;
  step.image = table.required_text("walk");
  step.back = table.required_text("back");
  step.args = table.texts("args");
  step.first = static_cast<unsigned>(table.integer("first", {1, 1000}, step.first));
  step.last = static_cast<unsigned>(table.integer("last", {1, 1000}, step.last));
  step.every = static_cast<unsigned>(table.integer("every", {1, 100}, step.every));
  if (step.last < step.first) {
    table.refuse("last", "comes before first", "choose a later record");
  }
  step.together = table.boolean("together", step.together);
  if (step.together && table.has("every")) {
    table.refuse("together", "kills once in each phase, and every is about records",
                 "take one away");
  }
  return {"walk " + step.image, 0, step};
}

void read_dark(StrictTable& table, SoakStep& step) {
  auto dark = table.table("dark_ms");
  if (!dark) {
    return;
  }
  const auto bound = [&dark](const char* key) {
    const double ms = dark->number(key, {0, 1e6}, -1);
    return ms < 0 ? std::optional<double>() : ms;
  };
  step.dark = {bound("p50"), bound("p99")};
  if (step.dark.p50_ms && step.dark.p99_ms && *step.dark.p99_ms < *step.dark.p50_ms) {
    dark->refuse("p99", "is below p50: nothing can meet that", "loosen it");
  }
  dark->finish();
}

Step soak_step(StrictTable& table, const Reading& reading) {
  SoakStep step;
  step.image = table.required_text("soak");
  step.back = table.required_text("back");
  step.args = table.texts("args");
  step.times = static_cast<unsigned>(table.integer("times", {2, 100'000}, step.times));
  step.killed = table.number("killed", {0, 1}, 0);
  step.seed = static_cast<std::uint64_t>(table.integer("seed", {1, kMostSeed}, 0));
  read_dark(table, step);
  if (reading.upgrade_open) {
    table.refuse("soak", "the upgrade before it is still open",
                 "put an accept, abort or resume step between them");
  }
  return {"soak " + step.image, 0, step};
}

Step read_step(StrictTable& table, const std::string& kind, Reading& reading) {
  if (kind == "upgrade") {
    return upgrade_step(table, reading);
  }
  if (kind == "npu") {
    const NpuStep step{table.required_choice("npu", {"kill", "upgrade", "snapshot", "restore"})};
    return {step.what + " the NPU", 0, step};
  }
  if (kind == "archive") {
    ArchiveStep step{
        table.required_choice("archive", {"save", "tamper", "restore", "rebuild", "reimage"})};
    step.passphrase = step.what == "save" && table.boolean("passphrase", false);
    step.image = step.what == "reimage" ? table.required_text("image") : "";
    return {"archive: " + step.what, 0, step};
  }
  if (kind == "reset") {
    const ResetStep step{table.required_text("reset")};
    return {"the peer " + step.peer + " resets", 0, step};
  }
  if (kind == "fault") {
    const FaultStep step = read_fault(table);
    return {"fault: " + step.what + (step.of.empty() ? "" : " " + step.of), 0, step};
  }
  if (kind == "wait") {
    return wait_step(table);
  }
  if (kind == "snapshot") {
    const std::string label = table.required_text("snapshot");
    reading.snapshots.insert(label);
    return {"snapshot " + label, 0, SnapshotStep{label}};
  }
  if (kind == "compare") {
    return compare_step(table, reading);
  }
  if (kind == "repeat") {
    return repeat_step(table, reading);
  }
  if (kind == "walk") {
    return walk_step(table);
  }
  if (kind == "soak") {
    return soak_step(table, reading);
  }
  return command_step(table, kind, reading);
}

std::vector<Step> read_list(std::vector<StrictTable> tables, Reading& reading) {
  std::vector<Step> steps;
  for (StrictTable& table : tables) {
    std::vector<std::string> kinds;
    for (const std::string& kind : kKinds) {
      if (table.has(kind)) {
        kinds.push_back(kind);
      }
    }
    const std::string name = table.text("name");
    if (kinds.size() != 1) {
      table.refuse("", kinds.empty() ? "says nothing to do" : "says two things to do at once",
                   fmt::format("one of: {}", fmt::join(kKinds, ", ")));
      if (kinds.empty()) {
        table.finish();
      }
      continue;
    }
    Step step = read_step(table, kinds.front(), reading);
    step.line = table.line_of(kinds.front());
    if (!name.empty()) {
      step.name = name;
    }
    table.finish();
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace

std::string UpgradeStep::fault() const {
  if (kill_after_record != 0) {
    return fmt::format("kill-after-sync:journal:{}", kill_after_record);
  }
  // The journal itself is written and synced once before its first record is.
  if (hang_after_record != 0) {
    return fmt::format("hang-after-sync:journal:{}", hang_after_record + 1);
  }
  if (hang_before_record != 0) {
    return fmt::format("hang-before-write:journal:{}", hang_before_record + 1);
  }
  return clock_after_record == 0
             ? ""
             : fmt::format("clock-after-sync:journal:{}", clock_after_record + 1);
}

std::optional<std::chrono::milliseconds> read_time(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(end, text.data() + text.size());
  const double factor = unit == "ms" ? 1 : unit == "s" ? 1000 : unit == "m" ? 60'000 : 0;
  if (error != std::errc{} || factor == 0 || !(number >= 0) || number * factor > 86'400'000) {
    return std::nullopt;
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(number * factor));
}

void read_steps(StrictTable& document, std::vector<Step>& steps) {
  Reading reading;
  auto tables = document.tables("step");
  if (tables.empty()) {
    document.refuse("step", "the drill has no step", "add [[step]] sections");
  }
  steps = read_list(std::move(tables), reading);
  if (reading.upgrade_open) {
    document.refuse("step", "the last upgrade is never ended",
                    "put an accept, abort or resume step behind it");
  }
}

}  // namespace issu::drill
