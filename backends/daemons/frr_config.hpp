#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "issu/base/result.hpp"

namespace issu::backends {

/// `show running-config` of every FRR daemon that has a vty socket in `folder`, one behind the
/// other; of mgmtd, too, which speaks for some of them from FRR 10 on. It has passwords in it. One
/// daemon that does not answer is an error: the rest would look as if its statements were gone.
Result<std::string> frr_running_config(const std::filesystem::path& folder,
                                       std::chrono::milliseconds timeout = std::chrono::seconds(5));

}  // namespace issu::backends
