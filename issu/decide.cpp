#include "issu/decide.hpp"

#include <algorithm>
#include <array>

#include "issu/guard.hpp"

namespace issu {
namespace {

struct PhaseState {
  bool touched = false;  ///< begun at least once: its undo has something to look at
  int tries = 0;         ///< of its do, since the start or the last resume by a person
  int undo_tries = 0;
  bool done = false;
  bool undone = false;
};

struct State {
  bool opened = false;
  std::array<PhaseState, phase_count> phases;
  bool back = false;
  std::string reason;
  std::string undo_reason;  ///< why the last undo that failed did
  std::optional<Outcome> closed;

  [[nodiscard]] const PhaseState& of(Phase phase) const {
    return phases[static_cast<std::size_t>(phase)];
  }
};

Outcome outcome_named(const std::string& text) {
  for (const Outcome outcome : {Outcome::committed, Outcome::rolled_back, Outcome::refused}) {
    if (text == name_of(outcome)) {
      return outcome;
    }
  }
  return Outcome::needs_operator;
}

void turn_back(State& state, const std::string& reason) {
  if (!state.back) {
    state.back = true;
    state.reason = reason;
  }
}

void take(State& state, const Record& record) {
  PhaseState none;  // of what happens to no phase; the journal takes no other record without one
  PhaseState& phase = record.phase ? state.phases[static_cast<std::size_t>(*record.phase)] : none;
  switch (record.event) {
    case Event::opened:
      state.opened = true;
      break;
    case Event::begun:
      phase.touched = true;
      ++phase.tries;
      break;
    case Event::done:
      phase.done = true;
      break;
    case Event::failed:
      if (record.facts.contains("undo")) {
        state.undo_reason = record.text;
      } else if (ISSU_GUARD(commit_is_not_taken_back, row_of(*record.phase).reversible, true)) {
        turn_back(state, record.text);
      } else {
        state.reason = record.text;
      }
      break;
    case Event::undoing:
      ++phase.undo_tries;
      break;
    case Event::undone:
      phase.undone = true;
      break;
    case Event::requested:
      if (record.text == "abort" &&
          ISSU_GUARD(abort_ends_at_commit, !state.of(Phase::commit).touched, true)) {
        turn_back(state, "abort was asked for");
      } else if (record.text == "resume" && ISSU_GUARD(resume_begins_anew, true, false)) {
        state.closed.reset();
        for (PhaseState& each : state.phases) {
          each.tries = each.undo_tries = 0;
        }
      }
      break;
    case Event::closed:
      state.closed = outcome_named(record.text);
      break;
  }
}

Decision go_back(const State& state) {
  for (std::size_t index = phase_count; index-- > 0;) {
    const PhaseState& phase = state.phases[index];
    if (!phase.touched || ISSU_GUARD(undone_is_not_undone_again, phase.undone, false)) {
      continue;
    }
    const PhaseRow& row = phase_table[index];
    if (ISSU_GUARD(undo_attempts_end, phase.undo_tries >= undo_attempts, false)) {
      return {Decision::Kind::close, row.phase, Outcome::needs_operator,
              "undoing " + std::string(row.name) + " did not work " +
                  std::to_string(undo_attempts) + " times, at last: " +
                  (state.undo_reason.empty() ? "it was begun and never ended" : state.undo_reason) +
                  "\nit was going back because: " + state.reason};
    }
    if (row.phase == Phase::preflight) {
      break;  // it touches nothing: there is nothing to undo
    }
    return {Decision::Kind::undo, row.phase, Outcome::rolled_back, state.reason};
  }
  const bool touched = state.of(Phase::stage).touched;
  return {Decision::Kind::close, Phase::preflight,
          touched ? Outcome::rolled_back : Outcome::refused, state.reason};
}

}  // namespace

Decision decide(const Records& records) {
  State state;
  for (const Record& record : records) {
    take(state, record);
  }
  if (!state.opened) {
    return {};
  }
  if (ISSU_GUARD(closed_stays_closed, state.closed.has_value(), false)) {
    return {Decision::Kind::finished, Phase::commit, *state.closed, state.reason};
  }
  if (ISSU_GUARD(failure_goes_back, state.back, false)) {
    return go_back(state);
  }
  for (const PhaseRow& row : phase_table) {
    const PhaseState& phase = state.of(row.phase);
    if (ISSU_GUARD(done_is_not_done_again, phase.done, false)) {
      continue;
    }
    if (ISSU_GUARD(attempts_end, phase.tries < row.attempts, true)) {
      return {Decision::Kind::run, row.phase, Outcome::committed, {}};
    }
    const std::string crashed = std::string(row.name) + " was begun " +
                                std::to_string(phase.tries) + " times and never ended";
    if (ISSU_GUARD(commit_asks_a_person, !row.reversible, false)) {
      return {Decision::Kind::close, row.phase, Outcome::needs_operator,
              state.reason.empty() ? crashed : state.reason};
    }
    turn_back(state, crashed);
    return go_back(state);
  }
  return {Decision::Kind::close, Phase::commit, Outcome::committed, {}};
}

bool is_open(const Records& records) {
  const Decision decision = decide(records);
  return decision.kind != Decision::Kind::idle && decision.kind != Decision::Kind::finished;
}

}  // namespace issu
