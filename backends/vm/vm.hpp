#pragma once

#include <memory>

#include "backends/rp.hpp"
#include "backends/spec.hpp"
#include "issu/base/result.hpp"

namespace issu::backends {

/// A route processor whose slots are virtual machines on libvirt's QEMU driver, with the guest
/// images of scenarios/images (a configuration disk and qemu-guest-agent). Touches nothing yet.
Result<std::unique_ptr<RouteProcessor>> make_vm(const RouterSpec& spec);

/// A route processor that is a card: a virtual machine with containers in it, whose slots are
/// kernels (card.hpp). Touches nothing yet.
Result<std::unique_ptr<RouteProcessor>> make_card(const RouterSpec& spec);

}  // namespace issu::backends
