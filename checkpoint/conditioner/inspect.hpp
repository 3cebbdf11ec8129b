#pragma once

#include <string>
#include <vector>

#include "checkpoint/conditioner/memberships.hpp"
#include "checkpoint/conditioner/record.hpp"
#include "issu/base/result.hpp"

namespace issu::checkpoint::conditioner {

/// What kind of socket it is and which connection it has; none when it is no socket any more.
Result<Socket> identify_socket(int fd);

/// Everything else of it but its keys (`md5_keys.hpp`).
Result<void> inspect_socket(int fd, const std::vector<Group>& groups, Socket& socket);

/// Whether it can be the same socket after a restore: kind and connection are equal.
[[nodiscard]] bool is_same_socket(const Socket& one, const Socket& other);

/// Why CRIU would refuse to dump this socket, as far as `Conditioner::undo` does not help: one
/// reason each, empty when nothing is known.
[[nodiscard]] std::vector<std::string> obstacles_of(int fd, const Socket& socket);

}  // namespace issu::checkpoint::conditioner
