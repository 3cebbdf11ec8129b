#pragma once

#include <array>
#include <string>

#include "backends/spec.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::soft {

/// The chassis of the soft NPU: two network namespaces.
///
///   npu_netns()   the ports, without addresses and without forwarding: every frame is npud's;
///                 for each port also "puntN", the near end of a veth pair
///   netns         the far ends of those, named, numbered (MAC, MTU) and addressed like the ports:
///                 what the slots' containers share and take for the ports themselves
///
/// With PuntLinks::taps there are "puntNa" and "puntNb" instead, a persistent tap for each slot,
/// and nothing in netns: who runs a slot opens the slot's tap by its name and gives its machine the
/// port's MAC address. They outlive npud and the slots.

/// The names of the punt interfaces of the n-th port, by slot.
[[nodiscard]] std::array<std::string, 2> punt_names(const RouterSpec& router, std::size_t n);

/// Everything that keeps it from coming up here, all at once.
Result<void> check_soft_chassis(const RouterSpec& router);
/// Creates what is missing; what is there stays.
Result<void> raise_soft_chassis(const RouterSpec& router);
/// Gives moved devices back and removes the rest; what is gone already is fine.
Result<void> lower_soft_chassis(const RouterSpec& router);

}  // namespace issu::backends::soft
