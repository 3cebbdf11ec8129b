#include "tests/issu/matrix/play.hpp"

#include <algorithm>

namespace issu::tests {
namespace {

/// Kills, repairs and ends that one upgrade may need together.
constexpr int most_coordinators = 12;
constexpr std::size_t most_said = 400;

class Player {
 public:
  explicit Player(const Run& run) : run_(run), lab_(run) {}

  Played play() {
    try {
      to_the_end();
    } catch (const Endless&) {
      wrong("it never ends");
    }
    played_.struck = lab_.struck() && (!is(Fault::second_fault) || lab_.second_struck());
    for (const std::string& each : lab_.violations()) {
      wrong(each);
    }
    return std::move(played_);
  }

  [[nodiscard]] FaultyLab& lab() { return lab_; }

 private:
  void to_the_end() {
    for (int coordinators = 0; coordinators < most_coordinators; ++coordinators) {
      Result<Outcome> outcome = Outcome::needs_operator;
      try {
        outcome = lab_.coordinate();
      } catch (const Killed&) {
        after_a_kill();
        continue;
      } catch (const Hung&) {
        lab_.end_hung();
        continue;
      }
      if (!outcome) {
        if (lab_.flipped()) {
          see_damage(outcome.error());
          return;
        }
        if (!ask_a_person(outcome.error().kind() == ErrorKind::needs_person,
                          outcome.error().message())) {
          return;
        }
        continue;
      }
      if (*outcome == Outcome::needs_operator) {
        ++documents_;
        if (!ask_a_person(true, lab_.document()["reason"].get<std::string>())) {
          return;
        }
        continue;
      }
      see_the_end(*outcome);
      return;
    }
    wrong("it did not end with " + std::to_string(most_coordinators) + " coordinators");
  }

  void after_a_kill() {
    const auto records = Journal::read(lab_.store.journal());
    if (records && is_open(*records)) {
      UpgradeOptions other;
      other.id = "other";
      if (open_upgrade(lab_.store, other)) {
        wrong("invariant 8: a second upgrade was opened");
      }
    }
    lab_.damage_journal();
  }

  /// Whether there is any sense in going on.
  bool ask_a_person(bool exit_code_4, const std::string& message) {
    if (!exit_code_4) {
      wrong("it ends with exit code 1 in between: " + message);
    }
    const auto& causes = lab_.causes();
    const bool named = std::any_of(causes.begin(), causes.end(), [&](const std::string& cause) {
      return message.find(cause) != std::string::npos;
    });
    if (!named) {
      wrong("a person is asked for and not told why: " + message);
    }
    if (played_.person) {
      wrong("a person repaired it, and another one is needed: " + message);
      return false;
    }
    played_.person = true;
    lab_.repair();
    return true;
  }

  void see_damage(const Error& error) {
    played_.person = true;
    if (error.kind() != ErrorKind::needs_person || error.hint().empty() ||
        error.message().find(lab_.store.journal().string()) == std::string::npos) {
      wrong("a damaged journal is not told so that a person can act: " + error.message());
    }
  }

  void see_the_end(Outcome outcome) {
    played_.outcome = outcome;
    // What dies when the upgrade is over is not its concern.
    const bool over = run_.cell && run_.cell->phase.phase == Phase::commit &&
                      run_.cell->moment == Moment::after && is(Fault::new_side_gone);
    // A router that was dead before anything was begun is as it was found.
    const bool found_dead = outcome == Outcome::refused && is(Fault::old_side_gone);
    const auto document = lab_.document();
    const bool told = document["anomalies"].dump().find("left over: slot") != std::string::npos;
    // A ledger without room is told of, and taken in later: the history speaks for it until then.
    const bool owed = is(Fault::disk_full) && lab_.struck() &&
                      document["anomalies"].dump().find("no room is left") != std::string::npos;
    for (const std::string& each : lab_.wrong_at_the_end(outcome, documents_ + 1)) {
      const bool allowed = (each == "the active slot runs" && (over || found_dead)) ||
                           (each == "the other slot is empty" && told) ||
                           (each == "the SLA ledger has the upgrade once" && owed);
      if (!allowed) {
        wrong("does not hold at the end: " + each);
      }
    }
    if (must_commit() && outcome != Outcome::committed) {
      wrong("it ended " + std::string(name_of(outcome)) + ", and nothing had failed");
    }
    if (is(Fault::abort_asked) && lab_.struck() && outcome == Outcome::committed &&
        run_.cell->phase.phase < Phase::commit) {
      wrong("it was committed against a person's word");
    }
    if (is(Fault::probe_gone) && lab_.struck() && outcome != Outcome::refused &&
        !document["control_plane"]["dark_ms"].is_null()) {
      wrong("invariant 6: what was not measured has a number");
    }
    if (!document["data_plane"]["lost"].is_null()) {
      wrong("invariant 6: a loss that nobody measured");
    }
    for (const auto& phase : document["phases"]) {
      if (phase["seconds"].get<double>() < 0 ||
          (is(Fault::clock_forward) && phase["seconds"].get<double>() > 600)) {
        wrong("a phase's time is not true");
      }
    }
  }

  [[nodiscard]] bool must_commit() const {
    return run_.accept && (!run_.cell || (is(Fault::killed) && !run_.for_good) ||
                           is(Fault::journal_torn) || is(Fault::clock_forward));
  }

  [[nodiscard]] bool is(Fault fault) const { return run_.cell && run_.cell->fault.fault == fault; }
  void wrong(const std::string& what) { played_.violations.push_back(what); }

  const Run& run_;
  FaultyLab lab_;
  Played played_;
  std::size_t documents_ = 0;  ///< of ends that needed a person
};

/// What a run without any fault, or with the first one alone, calls.
struct Calls {
  std::map<Phase, std::vector<std::string>> steps;
  std::vector<std::string> undos;
};

Calls calls_of(const Run& run) {
  Player player(run);
  static_cast<void>(player.play());
  return {player.lab().calls(), player.lab().undo_calls()};
}

bool is_question(const std::string& verb) {
  return verb == "size" || verb == "sync_state" || verb.starts_with("status") ||
         verb.starts_with("control_plane") || verb.starts_with("running_config");
}

/// Whether a fault is the answer of a call; else it happens to the machine.
bool is_an_answer(Fault fault) {
  return fault == Fault::fails || fault == Fault::hangs || fault == Fault::second_fault;
}

/// Whether it can come once, and again and again.
bool can_pass(Fault fault) {
  return fault == Fault::npu_gone || fault == Fault::killed;
}

/// A hang ends by the deadline of the verb, which answers then, or by that of the phase.
void add_hangs(std::vector<Run>& ways) {
  const std::vector<Run> by_verbs = ways;
  for (Run run : by_verbs) {
    run.ended = true;
    ways.push_back(run);
    run.for_good = true;
    ways.push_back(run);
  }
}

/// The ways to play a cell but for the second faults.
std::vector<Run> ways_of(const Run& base, const std::vector<std::string>& calls) {
  std::vector<Run> ways;
  const Fault fault = base.cell->fault.fault;
  const auto add = [&](std::size_t call, bool acted) {
    Run run = base;
    run.call = call;
    run.acted = acted;
    ways.push_back(run);
    if (can_pass(fault)) {
      run.for_good = true;
      ways.push_back(run);
    }
  };
  if (base.cell->moment == Moment::during) {
    for (std::size_t call = 0; call < calls.size(); ++call) {
      add(call, false);
      if ((is_an_answer(fault) || fault == Fault::killed) && !is_question(calls[call])) {
        add(call, true);
      }
    }
  } else if (base.cell->moment == Moment::before || !is_an_answer(fault)) {
    add(0, false);
  } else if (!calls.empty()) {
    add(calls.size() - 1, !is_question(calls.back()));
  }
  if (fault == Fault::hangs) {
    add_hangs(ways);
  }
  return ways;
}

std::vector<Run> with_second_faults(const Run& first) {
  std::vector<Run> runs;
  Run alone = first;
  alone.second_call = static_cast<std::size_t>(-2);
  std::vector<std::string> undos = calls_of(alone).undos;
  if (undos.empty() && first.cell->moment == Moment::after) {
    // That the call failed was no reason to go back.
    alone.by_abort = true;
    undos = calls_of(alone).undos;
  }
  for (std::size_t call = 0; call < undos.size(); ++call) {
    for (const Second second : second_faults) {
      if (second == Second::killed_after && is_question(undos[call])) {
        continue;
      }
      Run run = alone;
      run.second = second;
      run.second_call = call;
      runs.push_back(run);
    }
  }
  return runs;
}

}  // namespace

Played play(const Run& run) {
  return Player(run).play();
}

void Tally::add(const Run& run, const Played& played) {
  ++runs;
  ++ends[std::string(name_of(played.outcome)) + (played.person ? ", a person was needed" : "")];
  violations += played.violations.size();
  for (const std::string& each : played.violations) {
    if (said.size() < most_said) {
      said.push_back(run.name() + ": " + each);
    }
  }
}

void play_cells(const Strategy& strategy, const std::string& way_back, const Extent& extent,
                Tally& tally) {
  const std::array<const Strategy*, 1> one{&strategy};
  const std::vector<Cell> cells = fault_matrix(one, phase_table, fault_table);
  Run calm;
  calm.strategy = std::string(strategy.name);
  calm.way_back = way_back;
  std::map<bool, Calls> calls;
  for (const bool accept : {true, false}) {
    calm.accept = accept;
    calls[accept] = calls_of(calm);
  }
  for (const Cell& cell : cells) {
    const Fault fault = cell.fault.fault;
    if ((fault == Fault::second_fault && !extent.second_faults) ||
        (fault == Fault::disk_full && !extent.disks) || (extent.only && *extent.only != fault)) {
      continue;
    }
    ++tally.cells;
    bool struck = false;
    const auto play_one = [&](const Run& run) {
      if (tally.violations >= extent.enough) {
        return;
      }
      const Played played = play(run);
      struck = struck || played.struck;
      tally.add(run, played);
    };
    for (const bool accept : {true, false}) {
      if (!accept && (fault == Fault::second_fault || cell.phase.phase == Phase::commit)) {
        continue;
      }
      Run base = calm;
      base.cell = &cell;
      base.accept = accept;
      std::vector<Run> ways = ways_of(base, calls[accept].steps[cell.phase.phase]);
      if (fault == Fault::second_fault && !ways.empty()) {
        // The first fault in one place of each moment, the second one in all of the undo.
        std::vector<Run> both;
        for (std::size_t tried = 0; tried < ways.size() && both.empty(); ++tried) {
          both = with_second_faults(ways[(ways.size() / 2 + tried) % ways.size()]);
        }
        ways = std::move(both);
      }
      std::for_each(ways.begin(), ways.end(), play_one);
    }
    // Nothing is undone of preflight and commit: no second fault can come while it is.
    const bool no_undo = fault == Fault::second_fault &&
                         (cell.phase.phase == Phase::preflight || !cell.phase.reversible);
    if (!struck && !no_undo) {
      tally.idle.push_back(cell.name());
    }
  }
}

}  // namespace issu::tests
