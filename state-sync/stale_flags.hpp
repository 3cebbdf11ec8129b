#pragma once

#include <cstdint>

#include "state-sync/stale_table.hpp"

/// What a slot of the stale table says of its route; only stale_*.cpp know it.
namespace issu::state_sync {

namespace stale_flags {

constexpr std::uint8_t used = 1;         ///< the slot holds a route
constexpr std::uint8_t gone = 2;         ///< which is not in the tables any more
constexpr std::uint8_t held = 4;         ///< it was there at `hold`
constexpr std::uint8_t fresh = 8;        ///< and the new side confirmed it
constexpr std::uint8_t superseded = 16;  ///< or its prefix, with another metric
constexpr std::uint8_t touched = 32;     ///< notified during the scan
constexpr std::uint8_t seen = 64;        ///< by the scan
constexpr std::uint8_t multipath = 128;  ///< several next hops of its own

inline bool has(std::uint8_t flags, std::uint8_t flag) {
  return (flags & flag) != 0;
}
inline void set(std::uint8_t& flags, unsigned flag) {
  flags = static_cast<std::uint8_t>(flags | flag);
}
inline void clear(std::uint8_t& flags, unsigned flag) {
  flags = static_cast<std::uint8_t>(flags & ~flag);
}

inline bool is_held(std::uint8_t flags) {
  return (flags & (held | gone)) == held;
}
inline bool is_stale(std::uint8_t flags) {
  return (flags & (held | gone | fresh | superseded)) == held;
}

}  // namespace stale_flags

template <typename Visit>
void StaleTable::each_of(const Prefix& prefix, const Visit& visit) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash(prefix) & mask; stale_flags::has(slots_[at].flags, stale_flags::used);
       at = (at + 1) & mask) {
    if (slots_[at].prefix == prefix) {
      visit(slots_[at]);
    }
  }
}

}  // namespace issu::state_sync
