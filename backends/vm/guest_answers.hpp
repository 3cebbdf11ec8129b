#pragma once

#include <optional>
#include <string>

#include "backends/vm/guest_agent.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::vm {

/// What the agent of a guest says to `guest-exec`: the program's pid in it. The guest is not to be
/// trusted: whatever it says that is not understood is an error.
Result<int> parse_exec(const std::string& answer);

/// To `guest-exec-status`; no value: the program runs yet.
Result<std::optional<GuestRun>> parse_exec_status(const std::string& answer);

}  // namespace issu::backends::vm
