#pragma once

#include <string>
#include <string_view>

#include "issu/base/result.hpp"
#include "issu/measure/measurement.hpp"

namespace issu::measure {

/// result.json and live.json: the structures of measurement.hpp, field by field; times in
/// nanoseconds of CLOCK_MONOTONIC, what is not known is null.
[[nodiscard]] std::string measurement_to_json(const Measurement& measurement);
Result<Measurement> measurement_from_json(std::string_view text);
[[nodiscard]] std::string live_to_json(const Live& live);
Result<Live> live_from_json(std::string_view text);

}  // namespace issu::measure
