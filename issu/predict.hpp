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

/// Refuses when a session's hold timer could run out at the neighbour: it may have heard from us
/// last a keepalive interval (a third of the hold time) before the freeze, and the prediction gets
/// as much again as a margin, and a second. Says what hold time would do.
Result<void> fits_hold_timers(double predicted_ms, const backends::ControlPlaneView& view);

}  // namespace issu
