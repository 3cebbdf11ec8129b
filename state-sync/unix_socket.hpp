#pragma once

#include <filesystem>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::state_sync {

/// A listening stream socket at `path`, only for its owner (0600); one that is there is replaced.
/// Paths may be longer than the 107 bytes that an address holds.
Result<Fd> listen_unix(const std::filesystem::path& path);
/// A connection to it.
Result<Fd> connect_unix(const std::filesystem::path& path);

}  // namespace issu::state_sync
