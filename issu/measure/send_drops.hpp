#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "issu/measure/plan.hpp"

namespace issu::measure {

/// Reads from /proc/net/snmp and /proc/net/snmp6 how many datagrams the namespace's sockets gave
/// away that its own queues or its port then dropped (UDP's SndbufErrors of both families). No
/// value when a counter is missing.
[[nodiscard]] std::optional<std::uint64_t> parse_send_drops(const std::string& snmp,
                                                            const std::string& snmp6);

/// The same, all namespaces that a plan sends from together. The kernel says nothing of such a
/// drop to the sender: sendmsg(2) succeeds.
[[nodiscard]] std::optional<std::uint64_t> send_drops(const std::vector<StreamPlan>& streams);

}  // namespace issu::measure
