#pragma once

#include <optional>

#include "issu/measure/histogram.hpp"
#include "issu/measure/measurement.hpp"

namespace issu::measure {

/// What the instrument knows of a stream when all has ended.
struct StreamEvidence {
  bool flowed = false;        ///< frames came through before counting began
  double seconds = 0;         ///< how long was counted
  std::uint64_t planned = 0;  ///< frames that the plan asked for in that time
  int refused_errno = 0;
  MonoNs send_gap = 0;        ///< of the sender
  bool overrun_known = true;  ///< the receiver's socket gave account of what it dropped
};

/// Percentiles and buckets of delays, in microseconds.
[[nodiscard]] Latency latency_of(const Histogram& times);

/// Decides whether a stream is measured and says why not. Fills in `measured`, `why_not` and the
/// impact times; the counts must be there.
void judge(StreamResult& stream, const StreamEvidence& evidence);

/// Adds the streams up and decides for the whole.
void sum_up(Measurement& measurement);

/// Control-plane dark time between two times, in ms: of all sessions, the longest time from the
/// last proof of life before to the first after, as the peers saw it. A down that began inside the
/// window counts to its end, also when that is behind the window. 0 when no session left
/// Established. No value when a session was not measured, was down for good, or there are none.
std::optional<double> control_plane_dark(const Measurement& measurement, MonoNs begin, MonoNs end);

/// Frames whose loss began between two times, all streams. No value when it is not known: not
/// measured, or more gaps than were kept.
std::optional<std::uint64_t> lost_between(const Measurement& measurement, MonoNs begin, MonoNs end);

}  // namespace issu::measure
