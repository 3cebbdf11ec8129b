#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "issu/base/result.hpp"

namespace issu::backends::vm {

/// Of QEMU itself beside a guest's memory, roughly.
constexpr std::uint64_t qemu_itself_mib = 128;

/// MiB that the host could give to new processes (proc_meminfo(5), MemAvailable) out of the text of
/// /proc/meminfo; no value: not told.
[[nodiscard]] std::optional<std::uint64_t> available_mib(const std::string& meminfo);

/// Refuses, with the sum, when a second machine of so much memory does not fit beside the first
/// one, which runs. `available`: MiB; no value: nobody knows, and nothing is refused.
Result<void> room_for_second(std::uint64_t memory_mib, std::optional<std::uint64_t> available);

}  // namespace issu::backends::vm
