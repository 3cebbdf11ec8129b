#pragma once

#include <cstdint>
#include <filesystem>

#include "issu/base/result.hpp"

namespace issu {

/// Shows a mounted file system through the ids of a user namespace: what belongs to 0 on it belongs
/// to that namespace's root here (idmapped mounts; Linux 5.12, squashfs from 6.2 on). `mount` is
/// mounted anew in its place; nobody may use it yet.
Result<void> map_ids(const std::filesystem::path& mount, const std::filesystem::path& user_ns);
/// Whether this file system can be shown so; changes nothing.
Result<void> try_map_ids(const std::filesystem::path& mount, const std::filesystem::path& user_ns);

/// Gives a tree to the same users counted from `first` on, a multiple of 65,536 (0: the host's own
/// ids). What has the right ids already stays untouched; no link is followed.
Result<void> shift_owners(const std::filesystem::path& tree, std::uint32_t first);

}  // namespace issu
