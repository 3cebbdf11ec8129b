#pragma once

#include <filesystem>
#include <string>

#include "backends/npu/soft/npud_files.hpp"
#include "backends/npu/soft/settings.hpp"
#include "issu/base/child.hpp"

namespace issu::backends::soft {

/// issu-npud as a process: a keeper that starts it again when it dies, and the npud itself.

/// Starts keeper and npud in the NPU's namespace and waits until npud answers. One that answers
/// already is left as it is. `npud`: the program.
Result<void> start_npud(const std::filesystem::path& npud, const NpudFiles& files,
                        const std::string& npu_netns);
/// Starts the program beside the npud that runs; it takes tables and packet sockets over and the
/// old one ends. Returns when the new one answers.
Result<void> replace_npud(const std::filesystem::path& npud, const NpudFiles& files,
                          const std::string& npu_netns);
/// Ends both; what is gone already is fine.
Result<void> end_npud(const NpudFiles& files);

/// Writes down who keeps npud alive.
Result<void> remember_keeper(const NpudFiles& files, const ProcessId& keeper);
/// pid 0 when nobody does.
[[nodiscard]] ProcessId keeper_of(const NpudFiles& files);

/// issu-npud of the folder of the running program.
[[nodiscard]] std::filesystem::path npud_beside_us();

/// The keeper's loop: starts `npud` (its words) again and again until it ends by itself with 0, or
/// until SIGTERM. The exit code.
int keep_npud(const Argv& npud, const NpudFiles& files);

}  // namespace issu::backends::soft
