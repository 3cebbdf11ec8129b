#pragma once

#include <filesystem>
#include <memory>

#include "backends/npu.hpp"

namespace issu::backends {

struct SoftNpuOptions {
  /// The program of the NPU; empty: issu-npud beside the running program.
  std::filesystem::path npud;
};

/// The NPU that is a process of ours, issu-npud, with tables in shared memory or in the kernel's
/// BPF arrays. `up` starts it, `down` ends it; it is started again by itself when it dies, and
/// finds its tables where they were. Its files lie in the folder "npu" of the router's run_dir.
Result<std::unique_ptr<Npu>> make_soft_npu(const RouterSpec& router,
                                           const SoftNpuOptions& options = {});

}  // namespace issu::backends
