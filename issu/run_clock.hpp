#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "issu/journal.hpp"

namespace issu {

/// How long an upgrade took, whatever happened to the wall clock.
struct RunClock {
  std::string boot;                  ///< of the kernel that it was opened under; empty: not known
  std::optional<double> duration_s;  ///< by CLOCK_MONOTONIC; no value: the machine booted in it
  std::optional<double> stepped_s;   ///< how far the wall clock went beyond that: it was set
};

/// The kernel's own name for this boot; empty when it does not say.
[[nodiscard]] std::string boot_id();

/// By the journal's first and last record; `boot_now` is the boot that the last one is of.
[[nodiscard]] RunClock run_clock(const Records& records, const std::string& boot_now);

[[nodiscard]] nlohmann::ordered_json to_json(const RunClock& clock);

/// A wall clock that was set while the upgrade ran, as an anomaly: by more than a second. Empty:
/// it was not.
[[nodiscard]] std::string clock_anomaly(const RunClock& clock);

}  // namespace issu
