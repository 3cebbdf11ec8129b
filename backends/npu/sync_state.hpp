#pragma once

#include "backends/npu.hpp"
#include "state-sync/fib_state.hpp"

namespace issu::backends {

/// What a driver's helper process says, in the words of the port.
[[nodiscard]] inline SyncState as_sync_state(const state_sync::FibState& from) {
  SyncState to;
  to.epoch = from.epoch;
  to.holding = from.holding;
  to.complete = from.complete;
  to.held = from.counts.held;
  to.refreshed = from.counts.refreshed;
  to.stale = from.counts.stale;
  to.added = from.counts.added;
  to.deleted = from.counts.deleted;
  to.swept = from.counts.swept;
  to.quiet_s = from.quiet_s;
  to.stale_sample = from.stale_sample;
  return to;
}

}  // namespace issu::backends
