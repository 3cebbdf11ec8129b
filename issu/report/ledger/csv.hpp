#pragma once

#include <string>
#include <vector>

#include "issu/report/ledger/entry.hpp"

namespace issu::ledger {

/// RFC 4180, with a header line; what was not measured is an empty field. docs/sla.md has the
/// columns.
[[nodiscard]] std::string to_csv(const std::vector<Entry>& entries);

}  // namespace issu::ledger
