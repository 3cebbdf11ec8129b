#pragma once

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::soft {

/// Puts a program at the ingress of an interface, behind packet sockets and before the kernel's own
/// stack; replaces the one that is there as one step. It stays when this process ends. In the
/// calling thread's network namespace.
Result<void> attach_ingress(unsigned ifindex, int program);
/// A program for `attach_ingress` that drops what comes: packet sockets have seen it by then. The
/// descriptor may be closed once it is attached. Needs CAP_BPF or root.
Result<Fd> load_drop_all();
/// Takes it away. An interface that is gone is fine.
Result<void> detach_ingress(unsigned ifindex);

}  // namespace issu::backends::soft
