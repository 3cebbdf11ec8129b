#pragma once

#include <chrono>
#include <vector>

#include "issu/doctor/capability.hpp"

namespace issu::doctor {

struct Options {
  /// For one trial; what takes longer is cut and `unknown`.
  std::chrono::milliseconds deadline = std::chrono::seconds(10);
};

/// Looks at the whole machine and tries things out, each in namespaces of its own; nothing on the
/// host is changed, and nothing is left. Takes a second or two. Call it while this process has one
/// thread only.
std::vector<Capability> examine(const Options& options = {});

}  // namespace issu::doctor
