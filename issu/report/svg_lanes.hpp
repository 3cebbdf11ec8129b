#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "issu/report/svg_scale.hpp"

namespace issu::report {

constexpr double stream_lane_height = 62;
constexpr double session_lane_height = 24;

/// The phases of a document one behind the other, each named.
[[nodiscard]] std::string phase_lane(const nlohmann::ordered_json& phases, const TimeScale& scale,
                                     double top);

/// Frames of one stream of a document's timeline.
[[nodiscard]] std::string stream_lane(const nlohmann::ordered_json& stream,
                                      const nlohmann::ordered_json& document,
                                      const TimeScale& scale, double top);

/// One session of a document's timeline.
[[nodiscard]] std::string session_lane(const nlohmann::ordered_json& session,
                                       const nlohmann::ordered_json& timeline,
                                       const nlohmann::ordered_json& document,
                                       const TimeScale& scale, double top);

}  // namespace issu::report
