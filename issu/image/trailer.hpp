#pragma once

#include <cstdint>
#include <string>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::image {

/// Where the parts of a bundle lie: squashfs, then the signature, then its size in 8 bytes
/// (big-endian).
struct Layout {
  std::uint64_t file_size = 0;
  std::uint64_t squashfs_size = 0;  ///< what the signature is over
  std::uint64_t signature_size = 0;
  std::uint32_t inodes = 0;  ///< files and folders that the squashfs says it has
};

/// Looks at a file's first and last bytes and says whether it can be a bundle: refuses other
/// files, cut ones and unsigned ones, each by name. Nothing that it gives back is to be trusted
/// before the signature is verified.
Result<Layout> read_layout(const Fd& file, const std::string& name);

/// The signature's bytes (1 MiB at most).
Result<std::string> read_signature(const Fd& file, const Layout& layout, const std::string& name);

/// The 8 bytes that stand behind a signature of this size.
[[nodiscard]] std::string trailer_for(std::uint64_t signature_size);

}  // namespace issu::image
