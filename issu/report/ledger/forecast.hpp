#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "issu/report/ledger/entry.hpp"

namespace issu::ledger {

/// What is about to be run.
struct Question {
  std::string router;
  std::string backend;
  std::string strategy;
  std::string kind;  ///< of the image
  Size size;         ///< now
};

/// One figure, milliseconds.
struct Figure {
  double expected = 0;
  std::size_t runs = 0;  ///< measured ones that it rests on
  /// Where the next run is expected to lie, and how probably. No values with one run.
  std::optional<double> low;
  std::optional<double> high;
  double coverage = 0;    ///< 0 to 1
  std::string scaled_by;  ///< "routes", "memory", "sessions"; empty: not scaled
  bool beyond = false;    ///< the router is smaller or larger now than it was in any of them
};

/// What a run is predicted to cost.
struct Forecast {
  std::optional<Figure> dark_ms;    ///< of the control plane
  std::optional<Figure> impact_ms;  ///< of the data plane
  std::size_t runs = 0;             ///< committed ones of the same kind
  std::string why_not;              ///< where there is nothing to go by
};

inline constexpr std::size_t forecast_looks_at = 40;  ///< newest runs
inline constexpr std::size_t forecast_scales_from = 8;

/// From what this router did before: committed upgrades of the same strategy, backend and kind of
/// image, the newest 40 of them. Entries in the order of writing.
///
/// The figure is the median. The interval takes no distribution for granted: the next run lies
/// between the k-th smallest and the k-th largest of n with the probability (n + 1 - 2k) / (n + 1);
/// k is the largest with 90 %, else 1. From 8 runs on, where the size differed and what was
/// measured follows it, both are those of the runs as they would have been at this size (a line
/// through the median of all slopes, never falling).
[[nodiscard]] Forecast forecast(const std::vector<Entry>& entries, const Question& question);

[[nodiscard]] nlohmann::ordered_json to_json(const Forecast& forecast, const Size& size);
/// The reverse, from the facts of a journal.
[[nodiscard]] Forecast forecast_from(const nlohmann::ordered_json& json);

/// The forecast as it stands in a result document, with how good it was: `measured` (null: it was
/// not), `error` (measured - expected) and `inside` (the interval).
[[nodiscard]] nlohmann::ordered_json judged(const nlohmann::ordered_json& forecast,
                                            const std::optional<double>& dark_ms,
                                            const std::optional<double>& impact_ms);

/// "402.1 ms (318.0 to 642.3 ms, 80 %, by 9 runs, scaled by routes)"
[[nodiscard]] std::string to_text(const Figure& figure);

}  // namespace issu::ledger
