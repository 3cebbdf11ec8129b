#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace issu::drill {

/// A list of parts of a result document: "old daemons fenced 60.0 ms, journal 1.3 ms".
[[nodiscard]] std::string parts_text(const nlohmann::json& parts);

}  // namespace issu::drill
