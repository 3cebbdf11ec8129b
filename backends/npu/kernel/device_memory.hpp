#pragma once

#include <filesystem>
#include <string>

#include "issu/base/result.hpp"

namespace issu::backends {

/// Keeps what a host device was (up or down, MTU, addresses) in `file` before it moves into the
/// chassis: a move loses it. A file that is there already stays: it is from before the first move.
Result<void> remember_device(const std::string& device, const std::filesystem::path& file);

/// Makes the device what it was and removes the file. No file: nothing is done.
Result<void> restore_device(const std::string& device, const std::filesystem::path& file);

}  // namespace issu::backends
