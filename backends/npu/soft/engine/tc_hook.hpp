#pragma once

#include "issu/base/result.hpp"

namespace issu::backends::soft {

/// Puts a program at the ingress of an interface, behind packet sockets and before the kernel's own
/// stack; replaces the one that is there as one step. It stays when this process ends. In the
/// calling thread's network namespace.
Result<void> attach_ingress(unsigned ifindex, int program);
/// Takes it away. An interface that is gone is fine.
Result<void> detach_ingress(unsigned ifindex);

}  // namespace issu::backends::soft
