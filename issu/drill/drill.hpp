#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "issu/base/result.hpp"
#include "issu/drill/interrupt.hpp"
#include "issu/drill/outcome.hpp"
#include "issu/drill/scenario.hpp"

namespace issu::drill {

/// What a run of drills is told by the operator.
struct DrillOptions {
  std::filesystem::path issu;    ///< the program; default: this one
  std::filesystem::path images;  ///< folder of NAME.raucb and keyring.pem
  std::filesystem::path work;    ///< work folders are made below it
  std::string run;               ///< the operator's name for the run
  bool keep = false;  ///< leave the lab standing, and the evidence of a drill that passed
  /// Where the evidence goes and stays, that of a drill that passed too; empty: beside the lab's
  /// folder, and it stays where the drill failed.
  std::filesystem::path evidence{};
  std::function<void(const std::string&)> say;  ///< progress, a line each
};

/// The options as they are without any word of the operator: this program, the images folder
/// beside its build folder, the system's folder for temporary files.
[[nodiscard]] DrillOptions default_options();

/// All that keeps the scenarios from being run here, at once: images and tools that are not
/// there, missing privileges (ErrorKind::refused).
Result<void> check_drills(const std::vector<Scenario>& scenarios, const DrillOptions& options);

/// Builds the lab, takes the steps, judges, takes the lab away. An error means that there is no
/// judgement: the lab could not be built, or somebody interrupted it.
Result<DrillOutcome> run_drill(const Scenario& scenario, const DrillOptions& options,
                               Interrupt& interrupt);

/// Takes away the labs below the work folder whose drill has ended without doing so;
/// `kept_too`: also those that `keep` left. Gives back their names. `issu` takes a router down
/// where the program that brought it up is gone. Of two that clean up at once one waits.
Result<std::vector<std::string>> clean_up(const std::filesystem::path& work, bool kept_too,
                                          const std::filesystem::path& issu);

}  // namespace issu::drill
