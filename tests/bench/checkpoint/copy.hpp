#pragma once

#include <cstdint>
#include <filesystem>

#include "issu/base/result.hpp"

namespace issu::bench {

/// How long a plain memcpy of so many bytes takes through the file system that checkpoints are
/// kept in, in ms.
struct CopyReport {
  double into_cold_ms = 0;  ///< into a mapped file whose pages are not there yet
  double into_warm_ms = 0;  ///< into the same pages again
  double out_cold_ms = 0;   ///< out of them into memory that is not there yet
  double out_warm_ms = 0;
};

/// `folder`: where it is mounted meanwhile, prepared as for a checkpoint.
Result<CopyReport> copy_through(const std::filesystem::path& folder, std::uint64_t bytes);

}  // namespace issu::bench
