#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::init {

/// One daemon that process 1 keeps running.
struct DaemonPlan {
  std::string name;  ///< a-z, 0-9 and '-'; names its log file too
  std::vector<std::string>
      argv{};  ///< argv[0] is the program's path; it must stay in the foreground
  std::vector<std::string> after{};  ///< daemons that have to be ready before this one is started
  /// A unix socket; the daemon is ready when it answers there. Empty: ready once started.
  std::string socket{};
  /// Sent there, with a NUL behind it; empty: the daemon speaks first.
  std::string question{};
  std::chrono::milliseconds within = std::chrono::seconds(30);  ///< to become ready
};

/// Reads a daemon list. One word and its value a line; blank lines and those with # are skipped:
///
///     daemon NAME        begins a daemon
///     arg WORD           one word of its command line; the rest of the line, spaces included
///     after NAME         may stand more than once; only daemons listed above it
///     socket PATH
///     question TEXT
///     within MILLISECONDS
Result<std::vector<DaemonPlan>> parse_plan(std::string_view text);

/// Writes what `parse_plan` reads. A value with a line break in it is refused.
Result<std::string> format_plan(const std::vector<DaemonPlan>& daemons);

}  // namespace issu::init
