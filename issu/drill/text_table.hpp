#pragma once

#include <string>
#include <vector>

namespace issu::drill {

using Rows = std::vector<std::vector<std::string>>;

/// Columns as wide as their widest cell; the first row is the head.
[[nodiscard]] std::string text_table(const Rows& rows);

}  // namespace issu::drill
