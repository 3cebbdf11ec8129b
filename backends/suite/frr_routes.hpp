#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "issu/base/result.hpp"
#include "state-sync/prefix.hpp"

namespace issu::backends {

/// Appends to `routes` what a routing daemon of this life has announced to zebra and zebra has
/// selected, out of `show ip route … json`. Connected, local and kernel routes are left out, and
/// those that zebra itself read from the kernel when it started and nobody has announced since: it
/// lists them like any other.
Result<void> parse_zebra_routes(std::string_view json, std::vector<state_sync::Prefix>& routes);

/// The best paths of `show bgp ipv4 unicast json`.
struct BgpRoutes {
  std::vector<state_sync::Prefix> learned;  ///< from a neighbour
  std::vector<state_sync::Prefix> local;    ///< made here; not each of them goes to zebra
};
Result<BgpRoutes> parse_bgp_routes(std::string_view json);

/// The routes that the FRR daemons whose vty sockets lie in `folder` have announced in this life.
/// zebra knows them all, and takes seconds in which it does nothing else to list 100,000: so bgpd
/// is asked for its own, zebra for the others.
Result<std::vector<state_sync::Prefix>> frr_announced_routes(
    const std::filesystem::path& folder, const std::vector<std::string>& daemons,
    std::chrono::milliseconds timeout = std::chrono::seconds(60));

}  // namespace issu::backends
