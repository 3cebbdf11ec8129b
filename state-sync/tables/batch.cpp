#include "state-sync/tables/batch.hpp"

#include <algorithm>
#include <array>

namespace issu::tables {

void lookup4(const npu_view& tables, const std::uint32_t* destinations, std::uint32_t* ids,
             std::size_t count) {
  constexpr std::size_t batch = 64;
  for (std::size_t begin = 0; begin < count; begin += batch) {
    const std::size_t end = std::min(count, begin + batch);
    for (std::size_t i = begin; i < end; ++i) {
      __builtin_prefetch(&tables.tbl24[destinations[i] >> 8U]);
    }
    for (std::size_t i = begin; i < end; ++i) {
      ids[i] = npu_lookup4(&tables, destinations[i]);
    }
  }
}

void lookup6(const npu_view& tables, const std::uint8_t* destinations, std::uint32_t* ids,
             std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    ids[i] = npu_lookup6(&tables, destinations + 16 * i);
  }
}

}  // namespace issu::tables
