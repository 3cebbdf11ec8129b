#pragma once

#include "backends/spec.hpp"
#include "backends/suite/suite.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::lxc {

/// Everything on this machine and in this router's description that keeps containers from
/// running, all at once.
Result<void> check_host(const RouterSpec& spec, const Suite& suite);

/// Whether the kernel confines programs with AppArmor: then a container has to say its profile.
[[nodiscard]] bool has_apparmor();

}  // namespace issu::backends::lxc
