#pragma once

#include <filesystem>
#include <string_view>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::state_sync {

/// A listening stream socket at `path`, only for its owner (0600); one that is there is replaced.
/// Paths may be longer than the 107 bytes that an address holds.
Result<Fd> listen_unix(const std::filesystem::path& path);
/// A connection to it. `flags`: SOCK_NONBLOCK, or 0.
Result<Fd> connect_unix(const std::filesystem::path& path, int flags = 0);
/// Writes all of it to a blocking socket; an error when the other end is gone.
Result<void> send_all(const Fd& fd, std::string_view text);

}  // namespace issu::state_sync
