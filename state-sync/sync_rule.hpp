#pragma once

namespace issu::state_sync {

/// What is known of the new side's convergence at one moment.
struct SyncSigns {
  double quiet_s = 0;         ///< since the new side last changed a route
  bool output_queued = true;  ///< routes are on their way from its daemon to the NPU
  bool end_of_rib = false;    ///< of all its sessions
  double waited_s = 0;        ///< since the new side started
};

struct SyncLimits {
  double quiet_s = 3;       ///< less than 3 is taken as 3: daemons pause for a second in the middle
  double deadline_s = 120;  ///< afterwards it is not waited for any more
};

enum class SyncVerdict {
  wait,      ///< routes may still come
  complete,  ///< what is stale now is not coming again
  expired,   ///< the deadline passed first: what is stale is unknown, nothing may be swept
};

/// The end-of-sync rule: quiet, nothing queued, and End-of-RIB of every session, never a timer
/// alone.
[[nodiscard]] constexpr SyncVerdict end_of_sync(const SyncSigns& signs, const SyncLimits& limits) {
  constexpr double least_quiet_s = 3;
  const double quiet = limits.quiet_s > least_quiet_s ? limits.quiet_s : least_quiet_s;
  if (signs.quiet_s >= quiet && !signs.output_queued && signs.end_of_rib) {
    return SyncVerdict::complete;
  }
  return signs.waited_s >= limits.deadline_s ? SyncVerdict::expired : SyncVerdict::wait;
}

}  // namespace issu::state_sync
