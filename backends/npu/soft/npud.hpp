#pragma once

#include "backends/npu/soft/npud_files.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::soft {

struct NpudOptions {
  NpudFiles files;         ///< with the settings in them
  bool take_over = false;  ///< from the npud that runs there, packet sockets and all
};

/// The NPU itself: tables, feeds, engine, control socket, in one poll loop (the engine has threads
/// of its own). Runs in the NPU's network namespace until SIGTERM, until another npud has taken
/// over, or until the namespace's name is gone. One for a folder: a second one is refused.
///
/// Tables that are there are found again, not made anew, so a restart forwards at once what was
/// forwarded before.
Result<void> run_npud(const NpudOptions& options);

}  // namespace issu::backends::soft
