#pragma once

#include <string_view>

namespace issu::image {

/// Compares two versions as people read them: "8.4.4" before "10.3", "10.3" before "10.3.1" and
/// "10.3+x", "10.3~rc1" before "10.3". Below 0: `left` is older; 0: equal; above: newer.
[[nodiscard]] int compare_versions(std::string_view left, std::string_view right);

}  // namespace issu::image
