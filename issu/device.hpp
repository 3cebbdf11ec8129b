#pragma once

#include <filesystem>

#include "issu/report/setting.hpp"

namespace issu {

/// Hardware and software of this machine, from /proc, /sys and uname(2). What they don't say is
/// left empty. `root` stands in for "/" in tests; the kernel is this machine's own all the same.
[[nodiscard]] report::Device read_device(const std::filesystem::path& root = "/");

}  // namespace issu
