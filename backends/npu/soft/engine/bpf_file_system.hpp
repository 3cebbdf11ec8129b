#pragma once

#include <filesystem>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::soft {

/// A folder of pins: what has a name in it lives on when the process that made it has ended.
/// Mounted by the first who needs it.
Result<void> mount_bpf(const std::filesystem::path& folder);
/// Takes all pins and the mount away. One that is not there is fine.
Result<void> unmount_bpf(const std::filesystem::path& folder);

/// Opens what has this name; no descriptor: there is none.
Result<Fd> open_pin(const std::filesystem::path& pin);
/// Gives it a name, also in the place of another.
Result<void> make_pin(int fd, const std::filesystem::path& pin);

}  // namespace issu::backends::soft
