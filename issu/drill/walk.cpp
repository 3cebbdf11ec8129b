#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "issu/drill/runner.hpp"
#include "issu/phases.hpp"

namespace issu::drill {
namespace {

using nlohmann::json;

constexpr int kKilled = 137;
constexpr int kNothingOpen = 2;  ///< `issu resume` with nothing to go on with

/// What the coordinator's process is told; 0: nothing.
std::string killed_after(unsigned record) {
  UpgradeStep step;
  step.kill_after_record = record;
  return step.fault();
}

std::string field(const std::string& document, const char* key) {
  const json parsed = json::parse(document, nullptr, false);
  return parsed.is_object() ? parsed.value(key, "") : "";
}

}  // namespace

/// The result document of the newest upgrade that ended, empty when there was none.
Result<std::string> Runner::last_report() {
  auto said =
      issu::run({stage_->issu.string(), "report", "-f", stage_->router_file.string(), "--json"});
  if (!said) {
    return fail(std::move(said).error());
  }
  return said->status == 0 ? said->out : std::string();
}

Result<Runner::Ended> Runner::command(Argv words, const std::string& fault) {
  auto program = start(std::move(words), fault);
  if (!program) {
    return fail(std::move(program).error());
  }
  auto status = end(*program);
  if (!status) {
    return fail(std::move(status).error());
  }
  return Ended{*status, program->errors()};
}

bool Runner::Turn::ended_well() const {
  return begun ? outcome == "committed" || outcome == "rolled-back"
               : killed && status == kNothingOpen;
}

Result<Runner::Turn> Runner::take_turn(const std::string& image,
                                       const std::vector<std::string>& args,
                                       const std::string& name, unsigned record) {
  const auto before = last_report();
  Argv words{"upgrade", "--foreground", "--image", (stage_->images / (image + ".raucb")).string()};
  words.insert(words.end(), args.begin(), args.end());
  auto upgrade = command(std::move(words), killed_after(record));
  if (!upgrade) {
    return fail(std::move(upgrade).error());
  }
  const bool killed = upgrade->status == kKilled;
  const auto ended = killed ? command({"resume"}) : upgrade;
  if (!ended) {
    return fail(ended.error());
  }
  const auto report = last_report();
  if (!before || !report) {
    return fail((!before ? before : report).error());
  }
  const bool begun = !report->empty() && field(*report, "id") != field(*before, "id");
  Turn turn{killed, ended->status, begun ? field(*report, "outcome") : "nothing was begun", begun,
            ended->errors};
  if (begun) {
    upgrades_.push_back({name, turn.outcome == "committed" ? 0 : ended->status, *report,
                         ended->errors, killed ? record : 0});
  }
  walked_away_ = walked_away_ != (turn.outcome == "committed");
  return turn;
}

/// Says whether the coordinator was killed: false ends the walk.
Result<bool> Runner::walk_once(const WalkStep& step, const std::string& name, unsigned record) {
  auto turn = take_turn(walked_away_ ? step.back : step.image, step.args, name, record);
  if (!turn) {
    return fail(std::move(turn).error());
  }
  const std::string what =
      turn->killed ? fmt::format("{}: killed after record {}, then resumed", name, record)
                   : fmt::format("{}: record {} is past the end", name, record);
  judgements_.push_back(
      {what, "committed or rolled-back", turn->outcome, turn->ended_well(), turn->errors});
  return turn->killed;
}

/// The phase that an open upgrade, whose coordinator is dead, would go on with.
Result<std::string> Runner::phase_left() {
  auto said =
      issu::run({stage_->issu.string(), "status", "-f", stage_->router_file.string(), "--json"});
  if (!said) {
    return fail(std::move(said).error());
  }
  return field(said->out, "next");
}

/// Killed in the phase of its first record, then in each that follows: of a phase that was begun
/// and not ended, `issu resume` writes the beginning once more and the end, and its third record is
/// the beginning of the next.
Result<void> Runner::walk_together(const WalkStep& step, const std::string& name) {
  constexpr unsigned record_of_next_phase = 3;
  Argv words{"upgrade", "--foreground", "--image",
             (stage_->images / (step.image + ".raucb")).string()};
  words.insert(words.end(), step.args.begin(), step.args.end());
  std::string phases;
  std::size_t killed = 0;
  auto ended = command(std::move(words), killed_after(step.first));
  while (ended && ended->status == kKilled && killed < step.last) {
    auto phase = phase_left();
    if (!phase) {
      return fail(std::move(phase).error());
    }
    stage_->say("killed in " + *phase);
    ++killed;
    const bool between = !phase_named(*phase);  // behind the last one: only the end is missing
    phases += between ? "" : (phases.empty() ? "" : ", ") + *phase;
    ended = command({"resume", "--foreground"}, killed_after(between ? 0 : record_of_next_phase));
  }
  const auto report = ended ? last_report() : fail(std::move(ended).error());
  if (!report) {
    return fail(report.error());
  }
  std::string all;
  for (const PhaseRow& row : phase_table) {
    all += (all.empty() ? "" : ", ") + std::string(row.name);
  }
  const std::string outcome = field(*report, "outcome");
  judgements_.push_back(
      {name + ": killed once in each phase", all, phases, phases == all, ended->errors});
  judgements_.push_back({name + ": outcome", "committed or rolled-back", outcome,
                         outcome == "committed" || outcome == "rolled-back", ended->errors});
  upgrades_.push_back({name, outcome == "committed" ? 0 : ended->status, *report, ended->errors});
  return {};
}

Result<void> Runner::take_walk(const WalkStep& step, const std::string& name) {
  if (step.together) {
    return walk_together(step, name);
  }
  unsigned killed = 0;
  walked_away_ = false;
  for (unsigned record = step.first; record <= step.last; record += step.every) {
    stage_->say(fmt::format("record {}", record));
    auto was_killed = walk_once(step, name, record);
    if (!was_killed) {
      return pass(std::move(was_killed).error(), fmt::format("record {}", record));
    }
    if (!*was_killed) {
      judgements_.push_back({name + ": records walked",
                             "all of them, one at least",
                             fmt::format("{}", killed),
                             killed > 0,
                             {}});
      return {};
    }
    ++killed;
  }
  judgements_.push_back({name + ": records walked",
                         "all of them",
                         fmt::format("{}, and there are more", killed),
                         false,
                         {}});
  return {};
}

}  // namespace issu::drill
