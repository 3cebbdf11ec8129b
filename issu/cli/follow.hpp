#pragma once

#include <string>

#include "issu/cli/command.hpp"
#include "issu/cli/parts.hpp"
#include "issu/cli/report_files.hpp"

namespace issu::cli {

/// How the open upgrade of a router is run.
struct RunOptions {
  std::string file;         ///< router.toml, for the coordinator's own process
  bool json = false;        ///< the result document on standard output instead of the table
  bool foreground = false;  ///< in this process; else in one of its own, which this one follows
  std::size_t shown = 0;    ///< records of the journal that were shown already
  ReportFiles files = {};   ///< the report of its end goes into these, too
};

/// Runs the open upgrade to its end, or follows the coordinator that runs it; shows progress and
/// the result. Gives back the exit code.
int run_to_end(const Router& router, const RunOptions& options);

/// Runs it in this process without a word: the coordinator's own process.
int coordinate(const Router& router);

/// The hidden command that `run_to_end` starts the coordinator's process with.
void add_coordinate_command(CLI::App& app, Exit& exit);

}  // namespace issu::cli
