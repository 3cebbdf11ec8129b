#pragma once

#include "backends/lxc/slot_files.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::lxc {

/// Brings what processes of one slot have written (their open files, logs, pid files) under the
/// same names into the other slot, so that they can go on there. Both root filesystems are
/// mounted, nothing runs in either slot. Sockets are not brought: they are made anew. No link of
/// either slot is followed: what a container has written stays below the other slot's folders.
Result<void> carry_files(const SlotFiles& from, const SlotFiles& to);

}  // namespace issu::backends::lxc
