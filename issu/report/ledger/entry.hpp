#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace issu::ledger {

/// An upgrade of a router, or one that a drill made in a lab.
enum class Origin { upgrade, drill };

/// A prediction as it was made before the run; no value: there was nothing to go by, or no
/// interval.
struct Predicted {
  std::optional<double> expected;
  std::optional<double> low;
  std::optional<double> high;
};

/// How large the router was, before the run.
struct Size {
  std::optional<std::uint64_t> routes;
  std::optional<std::uint64_t> memory;  ///< bytes of the daemons or the machine
  std::optional<std::uint64_t> sessions;
};

/// What one upgrade cost. A figure without a value was not measured: it is not zero.
struct Entry {
  std::int64_t sequence = 0;  ///< the order of writing, whatever the clock said
  std::string router;
  std::string id;  ///< of the upgrade; once a router and boot
  Origin origin = Origin::upgrade;
  std::string scenario;  ///< of a drill
  std::string step;      ///< of a drill
  std::string backend;
  std::string strategy;
  std::string kind;  ///< of the image: "rootfs", "disk", "kernel"
  std::string from;
  std::string to;
  std::string outcome;
  std::int64_t started = 0;          ///< UTC by the wall clock, nanoseconds since 1970
  std::optional<double> duration_s;  ///< by CLOCK_MONOTONIC; no value: the machine was booted in it
  std::optional<double> stepped_s;   ///< how far the wall clock was set while it ran
  std::string boot;                  ///< the boot id of the kernel that it began under
  std::optional<std::uint64_t> lost;  ///< packets, all streams
  std::optional<double> impact_ms;    ///< of the data plane: lost / offered rate, worst stream
  std::optional<double> dark_ms;      ///< of the control plane, as the peers saw it
  std::optional<std::uint64_t> sessions_down;  ///< of the watched ones, that left Established
  /// It needed a person at its end: what was dark afterwards nobody measured.
  bool partial = false;
  bool over_budget = false;  ///< a person had it run over the budget
  Predicted predicted_dark;
  Predicted predicted_impact;
  std::optional<std::uint64_t> predicted_runs;  ///< that the predictions rested on
  std::optional<double> budget_month_ms;        ///< of the data plane, as it was set then
  std::optional<double> budget_year_ms;
  std::optional<double> budget_dark_month_ms;  ///< of the control plane
  std::optional<double> budget_dark_year_ms;
  Size size;

  /// Whether anything was touched: what was refused cost nothing and is no unknown.
  [[nodiscard]] bool ran() const { return outcome != "refused"; }
};

/// The entry of a result document (docs/formats.md). What the document does not have, or has as
/// something else than expected, has no value.
[[nodiscard]] Entry entry_of(const nlohmann::ordered_json& document);

}  // namespace issu::ledger
