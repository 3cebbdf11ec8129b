#pragma once

#include "backends/spec.hpp"
#include "issu/base/result.hpp"

namespace issu::backends {

/// Everything about the chassis' ports that keeps it from coming up here, all at once.
Result<void> check_chassis(const RouterSpec& router);

/// Creates the namespace, sets it up to forward, and creates or moves in the ports with their
/// addresses. What is there already stays; what is missing is added.
Result<void> raise_chassis(const RouterSpec& router);

/// The parts of it, for a driver whose ports stand elsewhere: the router's namespace (created where
/// it is not there, in its user namespace where it has one) that forwards, and the ports of
/// `router` in `router.netns`, which is there already.
Result<void> raise_forwarding(const RouterSpec& router);
Result<void> raise_ports(const RouterSpec& router);

/// Gives moved devices back as they were, removes the veth pairs and the namespaces. What is gone
/// already is fine.
Result<void> lower_chassis(const RouterSpec& router);

}  // namespace issu::backends
