#pragma once

#include <filesystem>
#include <vector>

#include "issu/base/child.hpp"

namespace issu::testing {

/// Every QEMU whose command line names a file in `folder`.
[[nodiscard]] std::vector<ProcessId> guests_in(const std::filesystem::path& folder);

/// Guests live on when who started them ends: that is what they are for, and why those of a test
/// that is killed would stay. From here on a small process beside this one waits for our end,
/// whatever kind of end it is; then it ends every QEMU whose command line names a file in `folder`
/// (a test's own, with a name that nobody else has) and removes the folder.
///
/// The first call of a process forks: make it before the process has a second thread (libvirt).
void guests_die_with_us(const std::filesystem::path& folder);

}  // namespace issu::testing
