#include "state-sync/sync_rule.hpp"

#include <doctest/doctest.h>

using namespace issu::state_sync;

TEST_CASE("end of sync needs quiet, an empty queue and End-of-RIB, all three") {
  const SyncLimits limits{.quiet_s = 3, .deadline_s = 60};
  const SyncSigns all{.quiet_s = 3, .output_queued = false, .end_of_rib = true, .waited_s = 10};
  CHECK(end_of_sync(all, limits) == SyncVerdict::complete);
  SyncSigns signs = all;
  signs.quiet_s = 2.9;
  CHECK(end_of_sync(signs, limits) == SyncVerdict::wait);
  signs = all;
  signs.output_queued = true;
  CHECK(end_of_sync(signs, limits) == SyncVerdict::wait);
  signs = all;
  signs.end_of_rib = false;
  signs.quiet_s = 50;
  CHECK(end_of_sync(signs, limits) == SyncVerdict::wait);
}

TEST_CASE("after the deadline it has expired, unless it is complete just then") {
  const SyncLimits limits{.quiet_s = 3, .deadline_s = 60};
  SyncSigns signs{.quiet_s = 59, .output_queued = false, .end_of_rib = false, .waited_s = 60};
  CHECK(end_of_sync(signs, limits) == SyncVerdict::expired);
  signs.end_of_rib = true;
  CHECK(end_of_sync(signs, limits) == SyncVerdict::complete);
}

TEST_CASE("a quiet time below three seconds is never enough") {
  const SyncLimits limits{.quiet_s = 0.5, .deadline_s = 60};
  SyncSigns signs{.quiet_s = 2, .output_queued = false, .end_of_rib = true, .waited_s = 5};
  CHECK(end_of_sync(signs, limits) == SyncVerdict::wait);
  signs.quiet_s = 3;
  CHECK(end_of_sync(signs, limits) == SyncVerdict::complete);
}

TEST_CASE("nothing known means wait") {
  CHECK(end_of_sync({}, {}) == SyncVerdict::wait);
}
