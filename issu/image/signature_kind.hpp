#pragma once

#include <string>
#include <string_view>

#include "issu/base/result.hpp"

namespace issu::image {

/// Refuses by name the bundles of other formats (verity, crypt), which have something else than a
/// plain signature behind their squashfs. What is no CMS at all is the verification's to refuse.
Result<void> check_plain(std::string_view der, const std::string& name);

}  // namespace issu::image
