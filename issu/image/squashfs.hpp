#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::image {

/// A file at the top of a squashfs.
struct Entry {
  std::string name;
  std::uint64_t size = 0;
};

// All of these run the squashfs-tools on a file; nothing is ever mounted.

/// The files at the top of a squashfs. A folder, link, device, pipe, socket or a name that is not
/// plain is refused; all of them are told at once. `shown` is the name for messages.
Result<std::vector<Entry>> list_plain(const std::filesystem::path& squashfs,
                                      const std::string& shown);

/// The text of one small file of it.
Result<std::string> read_entry(const std::filesystem::path& squashfs, const std::string& name);

/// Writes one file of it into `folder` (which is there), under its own name.
Result<void> extract_entry(const std::filesystem::path& squashfs, const std::string& name,
                           const std::filesystem::path& folder);

/// A root filesystem from a folder: all owned by root, no extended attributes, zstd; the same
/// folder gives the same bytes.
Result<void> pack_rootfs(const std::filesystem::path& folder, const std::filesystem::path& file);

/// The outer squashfs of a bundle from a folder of a manifest and payloads that are compressed
/// already: stored as they are.
Result<void> pack_bundle(const std::filesystem::path& folder, const std::filesystem::path& file);

}  // namespace issu::image
