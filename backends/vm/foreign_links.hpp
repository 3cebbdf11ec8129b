#pragma once

#include <string>

#include "backends/spec.hpp"
#include "backends/vm/domain.hpp"
#include "issu/base/result.hpp"

/// What a guest without an agent needs beside the ports: a management link to the host, and in the
/// router's namespace, where the collector writes its routes, likenesses of the ports.
namespace issu::backends::vm {

/// The slot's tap, in the NPU's namespace.
[[nodiscard]] std::string management_tap(Slot slot);
/// The last network device of the guest of a slot.
[[nodiscard]] GuestLink management_link(Slot slot, bool plugged);

/// Creates all of it; what is there already stays. Both namespaces are there (`Npu::up`). Their
/// end takes it along.
Result<void> raise_foreign_links(const RouterSpec& spec);
/// Plugs a slot's management link in or out, at the host's end.
Result<void> set_management(const RouterSpec& spec, Slot slot, bool plugged);

}  // namespace issu::backends::vm
