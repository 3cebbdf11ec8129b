#pragma once

#include "backends/lxc/container.hpp"
#include "backends/lxc/slot_files.hpp"
#include "backends/spec.hpp"
#include "backends/suite/suite.hpp"
#include "issu/base/result.hpp"

/// The containers of a router whose spec has `first_id` are in the user namespace of its chassis:
/// their root is an ordinary user of the host, and rules over nothing but the chassis. Both slots
/// share it, because only members of the namespace that the chassis belongs to may write its
/// routes. Without `first_id` each of these does nothing.
namespace issu::backends::lxc {

/// What liblxc has to be told.
void add_user_namespace(ConfigItems& items, const RouterSpec& spec);

/// Gives the slot's files, and what its daemons keep across restarts, to the container's users, and
/// opens the folders on the way to them (search only). The root filesystem is mounted, nothing runs
/// in the slot. Without a user namespace what the daemons keep is given back to the host's.
Result<void> give_files(const RouterSpec& spec, const Suite& suite, const SlotFiles& files);

/// Everything on this machine that keeps such containers from running: made and thrown away is a
/// user namespace with these ids and a network namespace inside it.
Result<void> check_user_namespace(const RouterSpec& spec, const Suite& suite);

}  // namespace issu::backends::lxc
