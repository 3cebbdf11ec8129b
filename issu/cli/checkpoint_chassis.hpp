#pragma once

#include <string>

#include "checkpoint/archive/manifest.hpp"
#include "issu/base/result.hpp"

namespace issu::cli {

/// What daemons believe that the kernel in this network namespace (a name) has.
Result<archive::Chassis> look_at_chassis(const std::string& netns);

/// Refuses when daemons that knew `made` would be wrong about `here`: an interface that is missing
/// or has another index, a next-hop object that is gone.
Result<void> chassis_fits(const archive::Chassis& made, const archive::Chassis& here);

}  // namespace issu::cli
