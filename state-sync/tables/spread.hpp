#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "state-sync/tables/types.hpp"

namespace issu::tables {

/// How many buckets a group of these members gets: a power of two.
[[nodiscard]] std::uint32_t bucket_count(std::span<const GroupMember> members,
                                         const GroupOptions& options);

/// Buckets filled by weight, as evenly as whole buckets can be. `before`, of the same size, is what
/// stood in them: buckets whose member keeps its share stay as they are. Empty: filled in order.
[[nodiscard]] std::vector<std::uint32_t> spread(std::span<const GroupMember> members,
                                                std::uint32_t count,
                                                std::span<const std::uint32_t> before);

}  // namespace issu::tables
