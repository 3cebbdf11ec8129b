#pragma once

#include <string>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::init {

/// What issu-init says of one daemon. Pids are those of its own namespace.
struct InitDaemon {
  std::string name;
  int inner_pid = 0;
  bool ready = false;
  int exits = 0;
  std::string last_end;
};

struct InitStatus {
  bool held = true;  ///< no daemon was started
  std::vector<InitDaemon> daemons;
};

/// The answer to "status" (issu/init/control.hpp).
[[nodiscard]] InitStatus parse_status(const std::string& answer);

/// The answer to "start": the time that it took until all daemons answered, milliseconds, or why
/// one could not.
Result<double> parse_start(const std::string& answer);

}  // namespace issu::init
