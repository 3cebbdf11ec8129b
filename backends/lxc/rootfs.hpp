#pragma once

#include <filesystem>

#include "backends/lxc/slot_files.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::lxc {

/// Whether something is mounted on exactly this path.
[[nodiscard]] bool is_mounted(const std::filesystem::path& path);

/// Mounts a squashfs file read-only on a folder, through a loop device that frees itself with the
/// mount.
Result<void> mount_squashfs(const std::filesystem::path& payload,
                            const std::filesystem::path& target);

/// Mounts a squashfs file read-only on image(), through a loop device that frees itself with the
/// mount, and an overlay with a fresh writable layer on rootfs(). Half of it being there already
/// (a caller that was killed) is repaired. With a user namespace the image's files belong to its
/// users.
Result<void> mount_rootfs(const RouterSpec& spec, const SlotFiles& files,
                          const std::filesystem::path& payload);

/// Unmounts both; what is not mounted is fine. Waits a little for the last user to be gone.
Result<void> unmount_rootfs(const SlotFiles& files);

}  // namespace issu::backends::lxc
