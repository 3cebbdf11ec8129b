#pragma once

#include "backends/spec.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/result.hpp"

namespace issu::bench {

struct LxcReport {
  double dump_ms = 0;  ///< from the start of `lxc-checkpoint` until it has ended
  double restore_ms = 0;
  double frozen_ms = 0;  ///< of it, as CRIU says of the dump
  std::uint64_t bytes = 0;
};

/// The program `lxc-checkpoint`, stop and restore, on the container of a slot; its images in a
/// tmpfs of its own. It gets from here what it can't do itself and what would make it fail: the
/// netlink groups above 32 are left and joined again around it (not in its times), CRIU is told
/// of the network namespace that outlives the container, and to leave packets alone there.
Result<LxcReport> lxc_checkpoint(const backends::RouterSpec& spec, backends::Slot slot);

}  // namespace issu::bench
