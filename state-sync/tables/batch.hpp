#pragma once

#include <cstddef>
#include <cstdint>

#include "state-sync/tables/memory.h"

namespace issu::tables {

/// npu_lookup4 for many destinations (host byte order) at once: `ids[i]` is the next-hop id of
/// `destinations[i]`, 0: no route. Reads FAST24, a quarter of the
/// memory that npu_lookup4 reads, and asks for it ahead.
void lookup4(const npu_view& tables, const std::uint32_t* destinations, std::uint32_t* ids,
             std::size_t count);

/// npu_lookup6 for many destinations of 16 bytes each (network byte order), one behind the other.
void lookup6(const npu_view& tables, const std::uint8_t* destinations, std::uint32_t* ids,
             std::size_t count);

}  // namespace issu::tables
