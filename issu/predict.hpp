#pragma once

#include <cstdint>
#include <string>

#include "backends/rp.hpp"
#include "issu/base/result.hpp"
#include "issu/history.hpp"

namespace issu {

/// How long daemons with so many bytes of memory will be frozen while they are saved and restored,
/// milliseconds: by what this router's last checkpoints took, the slowest of them counts. Before
/// the first, by a slow machine's pace.
[[nodiscard]] double predicted_freeze_ms(const History& history, std::uint64_t bytes);

/// Refuses when a timer could run out at a neighbour: the hold timer of a session, OSPF's dead
/// interval, BFD's detection time. It may have heard from us last an interval of our packets before
/// the freeze (of BGP's keepalives: a third of the hold time), and the prediction gets as much
/// again as a margin, and a second. Names each neighbour, its interval, and the one that would do.
Result<void> fits_timers(double predicted_ms, const backends::ControlPlaneView& view);

}  // namespace issu
