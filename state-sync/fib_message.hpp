#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "state-sync/route.hpp"

namespace issu::state_sync {

using FibSink = std::function<void(const FibEvent&)>;

/// Reads one datagram of an rtnetlink socket and gives its events to `sink` in their order.
/// Routes of other tables than main, clones and local ones are left out. Never reads behind the
/// datagram; false when a length in it does not fit: what came before the fault was delivered,
/// the rest was not.
bool parse_fib_datagram(std::span<const std::byte> datagram, const FibSink& sink);

/// Appends a request to delete exactly this route (prefix, metric, protocol, type of service and,
/// where it has one, nexthop object): a route that was replaced since does not match.
/// `acknowledged`: the kernel answers also when it worked.
void append_delete_request(std::vector<std::byte>& batch, const Route& route,
                           std::uint32_t sequence, bool acknowledged);

/// A request for all routes of the main table of a family (4 or 6).
[[nodiscard]] std::vector<std::byte> dump_request(std::uint8_t family, std::uint32_t sequence);

}  // namespace issu::state_sync
