#include "state-sync/tables/batch.hpp"

#include <algorithm>
#include <array>

namespace issu::tables {
namespace {

/// What is asked for in one go: as many misses of the cache as a core has in flight, several times.
constexpr std::size_t batch4 = 256;
constexpr std::size_t batch6 = 64;

npu_u32 load(const npu_u32& entry) {
  return __atomic_load_n(&entry, __ATOMIC_ACQUIRE);
}

void some4(const npu_view& tables, const std::uint32_t* destinations, std::uint32_t* ids,
           std::size_t count, npu_u32 otherwise) {
  const npu_u8* const fast = tables.fast24;
  const npu_u32* const codes = tables.codes;
  for (std::size_t i = 0; i < count; ++i) {
    __builtin_prefetch(&fast[destinations[i] >> 8U]);
  }
  std::array<std::uint8_t, batch4> look;
  std::size_t looks = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const npu_u8 code = __atomic_load_n(&fast[destinations[i] >> 8U], __ATOMIC_ACQUIRE);
    const npu_u32 id = load(codes[code]) & NPU_ID_MASK;
    ids[i] = code != 0 && id != 0 ? id : otherwise;
    // Written always, counted seldom: no branch that can't be foreseen.
    look[looks] = static_cast<std::uint8_t>(i);
    looks += code == NPU_CODE_LOOK ? 1 : 0;
  }
  for (std::size_t i = 0; i < looks; ++i) {
    __builtin_prefetch(&tables.tbl24[destinations[look[i]] >> 8U]);
  }
  for (std::size_t i = 0; i < looks; ++i) {
    ids[look[i]] = npu_lookup4(&tables, destinations[look[i]]);
  }
}

void some6(const npu_view& tables, const std::uint8_t* destinations, std::uint32_t* ids,
           std::size_t count, npu_u32 otherwise) {
  const auto root = [&](std::size_t i) {
    const std::uint8_t* const at = destinations + 16 * i;
    return (npu_u32{at[0]} << 16U) | (npu_u32{at[1]} << 8U) | at[2];
  };
  for (std::size_t i = 0; i < count; ++i) {
    __builtin_prefetch(&tables.root6[root(i)]);
  }
  std::array<std::uint8_t, batch6> open;
  std::array<npu_u32, batch6> next;
  std::size_t opens = 0;
  const npu_u32 mask = tables.capacities.nodes6 * NPU_NODE_ENTRIES - 1;
  // What an entry says: the answer, or the next one to be read, which is asked for at once.
  const auto follow = [&](std::size_t i, npu_u32 entry, std::size_t depth) {
    if ((entry & NPU_CHILD) == 0) {
      ids[i] = NPU_LEAF_ID(entry) != 0 ? NPU_LEAF_ID(entry) : otherwise;
      return;
    }
    ids[i] = otherwise;
    if (depth < NPU_DEPTH6) {
      next[i] = (((entry & ~NPU_CHILD) << NPU_NODE_BITS) | destinations[16 * i + 3 + depth]) & mask;
      __builtin_prefetch(&tables.nodes6[next[i]]);
      open[opens++] = static_cast<std::uint8_t>(i);
    }
  };
  for (std::size_t i = 0; i < count; ++i) {
    follow(i, load(tables.root6[root(i)]), 0);
  }
  for (std::size_t depth = 1; opens != 0; ++depth) {
    const std::size_t last = opens;
    opens = 0;
    for (std::size_t n = 0; n < last; ++n) {
      const std::size_t i = open[n];
      follow(i, load(tables.nodes6[next[i]]), depth);
    }
  }
}

}  // namespace

void lookup4(const npu_view& tables, const std::uint32_t* destinations, std::uint32_t* ids,
             std::size_t count) {
  const npu_u32 otherwise = NPU_LEAF_ID(npu_default(&tables, 0));
  for (std::size_t begin = 0; begin < count; begin += batch4) {
    some4(tables, destinations + begin, ids + begin, std::min(count - begin, batch4), otherwise);
  }
}

void lookup6(const npu_view& tables, const std::uint8_t* destinations, std::uint32_t* ids,
             std::size_t count) {
  const npu_u32 otherwise = NPU_LEAF_ID(npu_default(&tables, 1));
  for (std::size_t begin = 0; begin < count; begin += batch6) {
    some6(tables, destinations + 16 * begin, ids + begin, std::min(count - begin, batch6),
          otherwise);
  }
}

}  // namespace issu::tables
