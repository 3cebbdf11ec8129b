#pragma once

#include <nlohmann/json_fwd.hpp>

#include "issu/base/clock.hpp"

namespace issu::backends {

/// A time of a card's clock in its answer, as one of the host's clock: the answer's `now` was read
/// when it was written, which is about when it came (`received`, of the host's clock).
/// `otherwise` where the answer lacks one of the two, or they can't be.
[[nodiscard]] MonoNs card_time(const nlohmann::json& answer, const char* key, MonoNs received,
                               MonoNs otherwise);

}  // namespace issu::backends
