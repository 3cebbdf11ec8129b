#pragma once

#include <chrono>
#include <filesystem>
#include <vector>

#include "issu/base/child.hpp"
#include "issu/base/result.hpp"
#include "issu/measure/measurement.hpp"
#include "issu/measure/plan.hpp"

namespace issu::measure {

/// Starts and stops the instrument, the program `issu-probe`: a process of its own that measures
/// on when its starter dies. Its folder holds plan.json, live.json, timeline.jsonl, probe.log and
/// at the end result.json.
class Probe {
 public:
  /// Starts it and waits until it counts (at most 15 s). What an older run left in `folder` is
  /// removed first. Keep the process's identity where a crash does not take it.
  static Result<ProcessId> start(const MeasurePlan& plan, const std::filesystem::path& folder);

  /// The instrument that writes into `folder`, found by its command line: for a starter that was
  /// killed before it could note whom it started. Pid 0 when there is none.
  static ProcessId find(const std::filesystem::path& folder);

  /// Ends it, waits for its result and gives that back. Repeated, or when it has ended by itself,
  /// it reads the result that is there. An instrument that died without a result gives a
  /// measurement that is not measured, and says why.
  static Result<Measurement> stop(const ProcessId& process, const std::filesystem::path& folder);
};

/// How a running measurement stands. One that is more than 3 s old, unless it is done, is an error:
/// the instrument died or hangs.
Result<Live> read_live(const std::filesystem::path& folder);

/// The result of a run that ended. No result.json: a measurement that is not measured.
Result<Measurement> read_result(const std::filesystem::path& folder);

/// Totals of all streams at one time of the timeline.
struct TimelinePoint {
  MonoNs at = 0;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;  ///< noticed by then: a loss shows when the next frame arrives
};

/// The timeline of a run, running or ended; a torn last line is left out.
Result<std::vector<TimelinePoint>> read_timeline(const std::filesystem::path& folder);

/// Frames sent between two times, to the 100 ms of the timeline.
[[nodiscard]] std::uint64_t sent_between(const std::vector<TimelinePoint>& timeline, MonoNs begin,
                                         MonoNs end);

}  // namespace issu::measure
