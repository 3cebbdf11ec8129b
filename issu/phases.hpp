#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace issu {

/// The phases of an upgrade, in order. docs/architecture.md has the picture.
enum class Phase {
  preflight,
  stage,
  checkpoint,
  presync,
  freeze,
  switchover,
  reconcile,
  soak,
  commit,
};

inline constexpr std::size_t phase_count = 9;

/// One row of the phase table: all that the coordinator knows of a phase.
struct PhaseRow {
  Phase phase;
  std::string_view name;
  std::string_view does;
  std::string_view undoes;
  /// How often it is begun at the most. A begun phase without an end is a crash in it: it is done
  /// again (every step can be repeated) until this is used up, then the upgrade goes back.
  int attempts;
  /// After which a step, or its undo, is taken for hung and ended from outside: longer than all
  /// that its calls may take by their own deadlines. issu/step_watch.hpp adds what router.toml
  /// says.
  std::chrono::seconds deadline;
  std::chrono::seconds undo_deadline;
  bool dark;        ///< the control plane is down in it
  bool reversible;  ///< false: nothing undoes it, it is repeated until it is done
};

inline constexpr std::array<PhaseRow, phase_count> phase_table{{
    {Phase::preflight, "preflight", "checks image, router, peers and space; touches nothing",
     "nothing", 2, std::chrono::seconds(180), std::chrono::seconds(30), false, true},
    {Phase::stage, "stage", "brings the image into the other slot, booted with its daemons held",
     "stops and empties the other slot", 2, std::chrono::seconds(900), std::chrono::seconds(420),
     false, true},
    {Phase::checkpoint, "checkpoint", "records what the way back has to reach", "nothing", 2,
     std::chrono::seconds(180), std::chrono::seconds(60), false, true},
    {Phase::presync, "presync", "watches the NPU's tables while the old side runs",
     "ends the watching", 2, std::chrono::seconds(200), std::chrono::seconds(150), false, true},
    {Phase::freeze, "freeze", "holds the NPU's routes as stale and fences the old side",
     "starts the old side again and waits until its routes are back", 2, std::chrono::seconds(120),
     std::chrono::seconds(480), true, true},
    {Phase::switchover, "switchover", "starts the daemons of the new side", "fences the new side",
     2, std::chrono::seconds(240), std::chrono::seconds(240), true, true},
    {Phase::reconcile, "reconcile",
     "waits for the end of sync, compares the new side with the NPU, sweeps what is stale",
     "nothing", 2, std::chrono::seconds(240), std::chrono::seconds(30), true, true},
    {Phase::soak, "soak", "watches budget, sessions, routes and health until accepted", "nothing",
     3, std::chrono::seconds(120), std::chrono::seconds(30), false, true},
    {Phase::commit, "commit", "makes the new side the active one and frees the old",
     "nothing: the point of no return", 5, std::chrono::seconds(420), std::chrono::seconds(30),
     false, false},
}};

[[nodiscard]] constexpr const PhaseRow& row_of(Phase phase) {
  return phase_table[static_cast<std::size_t>(phase)];
}

[[nodiscard]] constexpr std::string_view name_of(Phase phase) {
  return row_of(phase).name;
}

[[nodiscard]] constexpr std::optional<Phase> phase_named(std::string_view name) {
  for (const PhaseRow& row : phase_table) {
    if (row.name == name) {
      return row.phase;
    }
  }
  return std::nullopt;
}

/// How an upgrade ended; the words of the result document.
enum class Outcome { committed, rolled_back, refused, needs_operator };

[[nodiscard]] constexpr std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::committed:
      return "committed";
    case Outcome::rolled_back:
      return "rolled-back";
    case Outcome::refused:
      return "refused";
    case Outcome::needs_operator:
      break;
  }
  return "needs-operator";
}

/// The exit code of the command that ran an upgrade to this end.
[[nodiscard]] constexpr int exit_code_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::committed:
      return 0;
    case Outcome::rolled_back:
      return 1;
    case Outcome::refused:
      return 3;
    case Outcome::needs_operator:
      break;
  }
  return 4;
}

}  // namespace issu
