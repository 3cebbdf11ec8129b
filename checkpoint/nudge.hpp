#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>

namespace issu::checkpoint {

/// Has every established TCP connection of these processes (pids of our pid namespace) send a
/// window probe: the other end answers at once, with a reset where it has given the connection up.
/// Without it, what waited in a restored socket when it was dumped is sent again only after the
/// other end has said something by itself, and a connection that is gone is noticed at the next
/// keepalive. Gives back how many; needs CAP_NET_ADMIN.
std::size_t nudge_connections(std::span<const pid_t> host_pids);

}  // namespace issu::checkpoint
