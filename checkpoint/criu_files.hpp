#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "issu/base/result.hpp"

namespace issu::checkpoint {

/// What CRIU says of a dump that it ended well, in the last file that it writes.
struct DumpStats {
  double freezing_ms = 0;  ///< until no process ran
  double frozen_ms = 0;    ///< from then until they were gone (or ran again)
  double memory_write_ms = 0;
  std::uint64_t pages = 0;  ///< written, of 4096 bytes
};

/// Reads it; an error when it is not there: then the dump is not whole. Its format is of CRIU's
/// images/stats.proto.
Result<DumpStats> read_dump_stats(const std::filesystem::path& images);

/// Options that tell CRIU that the processes' network namespace (a file) is none of its business:
/// it outlives them. Packets are held back by somebody else.
Result<std::string> dump_options(const std::filesystem::path& netns);
/// The same for the restore, where it is open as `descriptor`. `close_connections`: TCP sockets
/// that were connected come back closed.
std::string restore_options(int descriptor, bool close_connections);

}  // namespace issu::checkpoint
