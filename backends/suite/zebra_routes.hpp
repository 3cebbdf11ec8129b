#pragma once

#include <chrono>
#include <filesystem>
#include <string_view>
#include <vector>

#include "issu/base/result.hpp"
#include "state-sync/prefix.hpp"

namespace issu::backends {

/// Appends to `routes` what a routing daemon of this life has announced to zebra and zebra has
/// selected, out of `show ip route json` or `show ipv6 route json`. Connected, local and kernel
/// routes are left out, and those that zebra itself read from the kernel when it started and
/// nobody has announced since: it lists them like any other.
Result<void> parse_zebra_routes(std::string_view json, std::vector<state_sync::Prefix>& routes);

/// Asks zebra for both families. `timeout` is for both together; 100,000 routes take about a
/// second, in which zebra does nothing else.
Result<std::vector<state_sync::Prefix>> zebra_announced_routes(
    const std::filesystem::path& socket,
    std::chrono::milliseconds timeout = std::chrono::seconds(60));

}  // namespace issu::backends
