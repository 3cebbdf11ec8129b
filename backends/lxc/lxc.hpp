#pragma once

#include <memory>

#include "backends/rp.hpp"
#include "backends/spec.hpp"
#include "issu/base/result.hpp"

namespace issu::backends {

/// A route processor whose slots are LXC containers in the chassis' network namespace. Touches
/// nothing yet. An error when the suite is not known or the name cannot be a container's.
Result<std::unique_ptr<RouteProcessor>> make_lxc(const RouterSpec& spec);

}  // namespace issu::backends
