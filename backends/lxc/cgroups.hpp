#pragma once

#include <sys/types.h>

#include <string>

#include "issu/base/result.hpp"

namespace issu::backends::lxc {

/// Removes what a container that is gone left in the cgroup hierarchies (v1, v2 or both): empty
/// groups of its own name, and the group that liblxc parks its monitors in when nobody is in it.
/// Groups with processes in them stay, and are an error when they are the container's own.
Result<void> remove_cgroups(const std::string& container);

/// The group of a process in the hierarchy of version 2, from its root; empty when there is none.
std::string unified_group_of(pid_t pid);

}  // namespace issu::backends::lxc
