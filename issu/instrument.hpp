#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "issu/base/child.hpp"
#include "issu/base/result.hpp"
#include "issu/measure/plan.hpp"

namespace issu {

/// What the running measurement says so far.
struct LiveView {
  bool running = false;
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  double longest_gap_ms = 0;
  std::uint64_t sessions_down = 0;  ///< at the watched peers, now
  double dark_ms = 0;               ///< longest time that a watched session was down
};

/// The measurement of one upgrade: a process outside the router that lives on when the
/// coordinator is killed, found again by the file that names it.
class Instrument {
 public:
  /// `dir` holds what it writes, for one upgrade at a time: `id` names that; `plan` says what it
  /// watches.
  Instrument(std::filesystem::path dir, std::string id, measure::MeasurePlan plan)
      : dir_(std::move(dir)), id_(std::move(id)), plan_(std::move(plan)) {}

  /// Starts it where it does not run. One that ended is not started again: what it did not see
  /// can't be measured any more. Returns when it counts.
  Result<void> start();
  [[nodiscard]] Result<LiveView> live() const;
  /// Whether the plan has anything to measure of the data plane.
  [[nodiscard]] bool has_streams() const { return !plan_.streams.empty(); }
  /// Whether it watches sessions at peers.
  [[nodiscard]] bool has_peers() const { return !plan_.peers.empty(); }
  [[nodiscard]] const std::filesystem::path& dir() const { return dir_; }
  [[nodiscard]] const measure::MeasurePlan& plan() const { return plan_; }
  /// Ends it; its result stands in `dir` afterwards. One that does not run is fine.
  Result<void> stop();

 private:
  [[nodiscard]] ProcessId process() const;
  [[nodiscard]] std::filesystem::path process_file() const { return dir_ / "process"; }

  std::filesystem::path dir_;
  std::string id_;
  measure::MeasurePlan plan_;
};

}  // namespace issu
