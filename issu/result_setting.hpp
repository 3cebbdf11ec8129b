#pragma once

#include "issu/context.hpp"
#include "issu/coordinator.hpp"
#include "issu/measure/measurement.hpp"
#include "issu/report/document.hpp"

namespace issu {

/// What RFC 7654 wants to be told of beside the figures: device, topology and load, from
/// router.toml and this machine.
[[nodiscard]] report::Setting setting_of(const RouterParts& parts, const Context& context);

/// What does not look as it did before, found in the measurement when all was over: a session that
/// is not up, routes that a neighbour or the NPU has lost.
[[nodiscard]] std::vector<std::string> anomalies_after(const measure::Measurement& seen,
                                                       const report::NpuTables& npu);

/// The coarse picture of what was seen when. `seen` is nullptr where the measurement left no
/// result: then neither losses nor sessions are known, only what the timeline counted until it
/// ended. No value without a timeline.
[[nodiscard]] std::optional<report::Timeline> timeline_of(const Context& context,
                                                          const Records& records,
                                                          const measure::Measurement* seen);

}  // namespace issu
