#pragma once

#include <nlohmann/json.hpp>

#include "issu/context.hpp"
#include "issu/coordinator.hpp"
#include "issu/decide.hpp"

namespace issu {

/// Puts the result document together: phases from the journal, loss and dark time from the
/// measurement's own files, NPU figures from the facts of the phases. Nothing is made up: what is
/// missing is null.
[[nodiscard]] nlohmann::ordered_json build_document(const RouterParts& parts,
                                                    const Context& context, const Records& records,
                                                    const Decision& decision);

}  // namespace issu
