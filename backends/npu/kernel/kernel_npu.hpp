#pragma once

#include <filesystem>
#include <memory>

#include "backends/npu.hpp"

namespace issu::backends {

struct KernelNpuOptions {
  /// The tracker's program; empty: issu-fibwatch beside the running program.
  std::filesystem::path fibwatch;
  /// Of the tracker's notification socket: room for the changes of a second or two of a full
  /// table. Memory is taken only while they wait.
  int buffer_bytes = 256 << 20;
};

/// The NPU that is the Linux FIB of a network namespace. Nothing is touched before `up`.
///
/// `watch` starts the program issu-fibwatch as a process of its own in the chassis; it lives until
/// `release` or `down`, or until the namespace's name is gone. Its files lie in the router's
/// run_dir and begin with "fibwatch".
Result<std::unique_ptr<Npu>> make_kernel_npu(const RouterSpec& router,
                                             const KernelNpuOptions& options = {});

}  // namespace issu::backends
