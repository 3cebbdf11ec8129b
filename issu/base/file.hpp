#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "issu/base/result.hpp"

namespace issu {

/// Reads a whole file of at most `limit` bytes; a larger one is an error, not a cut.
Result<std::string> read_file(const std::filesystem::path& path, std::uintmax_t limit = 64U << 20U);

/// Replaces `path` as one step: written beside it, fsynced, renamed over it, its folder fsynced.
/// After a crash the file is the old one or the new one. Created with `mode`.
Result<void> write_file_atomic(const std::filesystem::path& path, std::string_view text,
                               mode_t mode = 0600);

/// Creates a folder and its parents with `mode`; an existing one is fine.
Result<void> make_dirs(const std::filesystem::path& path, mode_t mode = 0700);

/// Removes a file or tree; one that is not there is fine. Never crosses a mount point: a tree
/// with something mounted in it is refused.
Result<void> remove_tree(const std::filesystem::path& path);

}  // namespace issu
