#pragma once

#include <filesystem>
#include <string>

#include "checkpoint/archive/manifest.hpp"
#include "issu/base/result.hpp"
#include "issu/cli/parts.hpp"

namespace issu::cli {

/// What daemons believe that the kernel in this network namespace (a name) has.
Result<archive::Chassis> look_at_chassis(const std::string& netns);

/// Refuses when daemons that knew `made` would be wrong about `here`: an interface that is missing,
/// has another number or another address, a next-hop object that is gone.
Result<void> chassis_fits(const archive::Chassis& made, const archive::Chassis& here);

/// Writes next hops and routes of the chassis' kernel into a file (0600; a state document of kind
/// "kernel-tables", docs/formats.md).
Result<void> save_kernel_tables(const std::string& netns, const std::filesystem::path& file);

/// Brings the chassis of a router that is down up as `made` was: its interfaces with their
/// addresses, next hops and routes of `kernel_tables`. When that can't be, it is down again, and
/// the error (ErrorKind::refused) says why.
Result<void> make_chassis(const Router& router, const archive::Chassis& made,
                          const std::filesystem::path& kernel_tables);

}  // namespace issu::cli
