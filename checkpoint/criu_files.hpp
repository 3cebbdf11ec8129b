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

/// What surrounds the processes and is none of CRIU's business.
struct Surroundings {
  std::filesystem::path netns;  ///< their network namespace, a file: it outlives them
  /// Their group in the hierarchies that nobody else names to CRIU (the one of version 2 beside
  /// those of version 1), "/lxc.payload.NAME"; empty: there is none.
  std::string cgroup;
};

/// Options for a dump, as lines of a file. Packets are held back by somebody else.
Result<std::string> dump_options(const Surroundings& around);
/// The same for the restore, where the network namespace is open as `descriptor`.
/// `close_connections`: TCP sockets that were connected come back closed.
std::string restore_options(const Surroundings& around, int descriptor, bool close_connections);

}  // namespace issu::checkpoint
