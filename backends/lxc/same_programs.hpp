#pragma once

#include <sys/types.h>

#include <filesystem>

#include "issu/base/result.hpp"

namespace issu::backends::lxc {

/// Whether every program and library that a container's processes have mapped out of their image
/// is the same, byte for byte, in another payload (a squashfs file): a saved state goes on over no
/// other. `image`: where theirs is mounted. The error names the first that differs. Mounts the
/// payload where nobody else sees it.
Result<void> compare_programs(pid_t init_pid, const std::filesystem::path& image,
                              const std::filesystem::path& payload);

}  // namespace issu::backends::lxc
