#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace issu::drill {

/// One thing that had to hold, and whether it did.
struct Judgement {
  std::string what;
  std::string expected;
  std::string got;
  bool passed = false;
  std::filesystem::path evidence;
  bool is_error = false;  ///< there is no judgement: the drill did not come to its end
};

/// One upgrade that a drill ran, seen from outside.
struct UpgradeRun {
  std::string step;      ///< the step's name
  int exit_code = 0;     ///< of the command that saw its end
  std::string document;  ///< the result document, JSON; empty when there was none
  std::filesystem::path evidence;
  unsigned killed_after =
      0;  ///< the journal's record after which its coordinator was killed; 0: none
};

/// Where a drill stands in its scenario's matrix.
struct Cell {
  std::string matrix;  ///< the scenario's name
  std::string from;
  std::string to;
  std::string backend;
};

/// A soak that was run; its figures are those of the upgrades of its step (soak_figures.hpp).
struct Soak {
  std::string step;
  std::uint64_t seed = 0;  ///< which upgrades were killed, and where, follows from it
};

/// What came of a drill.
struct DrillOutcome {
  std::string scenario;
  std::string about;
  std::string run;  ///< the operator's name for this run, may be empty
  std::vector<std::string> labels;
  std::optional<Cell> cell;
  std::string started;  ///< "2026-01-31T12:00:00.123Z"
  double seconds = 0;
  std::vector<Judgement> judgements;
  std::vector<UpgradeRun> upgrades;
  std::vector<Soak> soaks;
  unsigned attempt = 1;
  bool flaky = false;                 ///< it passed, and not at the first attempt
  std::vector<DrillOutcome> earlier;  ///< attempts before this one, which have none of their own

  /// Whether this attempt did; an operator who is strict has a judgement of its own against a
  /// flaky one.
  [[nodiscard]] bool passed() const {
    bool all = !judgements.empty();
    for (const Judgement& judgement : judgements) {
      all = all && judgement.passed;
    }
    return all;
  }
};

/// The JSON document of a drill (docs/drills.md).
[[nodiscard]] std::string to_json(const DrillOutcome& outcome);
/// JUnit XML as CI systems read it (docs/reports.md): one suite a drill, one case an expectation.
[[nodiscard]] std::string to_junit(const std::vector<DrillOutcome>& outcomes);
/// Tables for people: the upgrades with their figures, then the expectations.
[[nodiscard]] std::string to_table(const DrillOutcome& outcome);
/// What each upgrade was dark for, or its daemons frozen, by the parts: a line each.
[[nodiscard]] std::string dark_text(const std::vector<UpgradeRun>& upgrades);
/// A drill's document again as a few lines an upgrade: loss, dark time by its parts, routes.
[[nodiscard]] std::string closing_report(const std::string& document);

}  // namespace issu::drill
