#pragma once

#include "issu/base/result.hpp"

namespace issu::checkpoint {

/// Whether this kernel tells and takes what CRIU forgets: a socket of this process with a key of
/// TCP MD5 and a hop limit is collected and put back. For a process in a network namespace of its
/// own. Root is needed.
Result<void> conditioner_self_test();

}  // namespace issu::checkpoint
