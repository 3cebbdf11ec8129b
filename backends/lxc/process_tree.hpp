#pragma once

#include <sys/types.h>

#include "issu/base/clock.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::lxc {

/// Waits until a child of ours has ended, without reaping it. ErrorKind::timeout when it has not by
/// then.
Result<void> wait_for_end(pid_t child, const Deadline& deadline);

/// Ends a child of ours and everything that it has started, and that they have. They may fork
/// meanwhile; none of them is ours to reap but the child.
void end_tree(pid_t child);

}  // namespace issu::backends::lxc
