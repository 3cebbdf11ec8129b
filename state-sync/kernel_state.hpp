#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "issu/base/result.hpp"

namespace issu::state_sync {

/// What routing daemons have put into the kernel of a network namespace, as rtnetlink messages in
/// the byte order of the machine, one behind the other: next-hop objects (those that others are
/// made of first) and routes. `ip route save` does not know next-hop objects.
struct KernelState {
  std::string nexthops;
  std::string routes;
};

/// Reads it. Routes of the kernel's own (connected, local) are not in it.
Result<KernelState> read_kernel_state(const std::filesystem::path& netns);

/// What came of writing it.
struct KernelWritten {
  std::uint64_t nexthops = 0;
  std::uint64_t routes = 0;
};

/// The messages as they have to be to be asked for; refuses what is none, or of another kind.
Result<KernelState> as_requests(const KernelState& state);

/// Puts it into the kernel of a namespace whose interfaces have the same numbers as when it was
/// read. Can be repeated. An error names the first thing that the kernel did not take.
Result<KernelWritten> write_kernel_state(const std::filesystem::path& netns,
                                         const KernelState& state);

}  // namespace issu::state_sync
