#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "backends/rp.hpp"

namespace issu::backends {

/// Asks FRR daemons over the vty sockets in `folder`. `daemons`: those that have to answer, for
/// example {"zebra", "bgpd", "staticd"}. All questions together take at most `timeout`, and half a
/// second more for each daemon behind one that hangs.
ControlPlaneView frr_view(const std::filesystem::path& folder,
                          const std::vector<std::string>& daemons,
                          std::chrono::milliseconds timeout = std::chrono::seconds(5));

/// Asks BIRD over its control socket.
///
/// BIRD does not say which End-of-RIB marks it got. While it recovers from a restart of its own
/// (`bird -R`) it names the channels that it waits for: a session's `end_of_rib` is true once none
/// of its channels is among them. So it is while a neighbour restarts: its routes are held until
/// its End-of-RIB, and BIRD says so.
ControlPlaneView bird_view(const std::filesystem::path& socket,
                           std::chrono::milliseconds timeout = std::chrono::seconds(5));

/// The routes that BIRD exports to the kernel through all its `kernel` protocols that are up.
Result<std::vector<state_sync::Prefix>> bird_kernel_routes(
    const std::filesystem::path& socket,
    std::chrono::milliseconds timeout = std::chrono::seconds(20));

}  // namespace issu::backends
