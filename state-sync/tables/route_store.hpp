#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "state-sync/tables/atomics.hpp"
#include "state-sync/tables/types.hpp"

namespace issu::tables {

/// Whether length and host bits are what a prefix has to have.
[[nodiscard]] bool is_canonical(const Prefix& prefix);
/// The prefix of `length` that holds this one's address.
[[nodiscard]] Prefix shortened(const Prefix& prefix, std::uint8_t length);

/// The writer's routes by their prefix, in the ROUTES region. Linear probing; nothing is left
/// behind by what is erased.
///
/// An entry appears and vanishes with one word, so after a kill an entry is whole, missing, or (in
/// the middle of `erase`) stands twice or where nobody looks for it: `mend` puts that right.
class RouteStore {
 public:
  RouteStore(npu_route* slots, std::uint32_t capacity) : slots_(slots), mask_(capacity - 1) {}

  [[nodiscard]] npu_route* find(const Prefix& prefix) const;
  [[gnu::always_inline]] void prefetch(const Prefix& prefix) const {
    __builtin_prefetch(&slots_[home(prefix)], 1);
  }
  [[nodiscard]] bool full() const { return size_ >= std::uint64_t{mask_ + 1} / 8 * 7; }
  /// Inserts a prefix that is not there; the store must not be full.
  npu_route* insert(const Prefix& prefix, const npu_route& content);
  void erase(npu_route* slot);

  /// The leaf (NPU_LEAF) of the longest route shorter than `below` that holds the address; the
  /// default route is none. 0: no route.
  [[nodiscard]] std::uint32_t cover(const Prefix& address, unsigned below) const;

  /// Finds every entry again: gives back how many were dropped because they made no sense or stood
  /// there twice. `good` says whether an entry's next hop can be.
  template <typename Good>
  std::uint64_t mend(const Good& good);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::span<npu_route> slots() const { return {slots_, std::size_t{mask_} + 1}; }
  [[nodiscard]] static bool used(const npu_route& slot) {
    return (peek(word_of(&slot, 2)) & state_bits) != 0;
  }
  [[nodiscard]] static Prefix prefix_of(const npu_route& slot);
  /// Next hop and marks are one word, the rest is another.
  static void set_nexthop(npu_route& slot, std::uint32_t nexthop, std::uint16_t born,
                          std::uint16_t seen);
  static void set_info(npu_route& slot, const RouteInfo& info);

 private:
  static constexpr std::uint64_t state_bits = 0xff0000;  ///< `state` in word 2

  [[nodiscard]] std::uint32_t home(const Prefix& prefix) const;
  void write(npu_route& slot, const npu_route& content);
  void count(const npu_route& slot, int by);

  npu_route* slots_;
  std::uint32_t mask_;
  std::uint64_t size_ = 0;
  /// Routes by family and length: which lengths are worth a look.
  std::array<std::array<std::uint32_t, 129>, 2> lengths_{};
};

template <typename Good>
std::uint64_t RouteStore::mend(const Good& good) {
  std::uint64_t dropped = 0;
  size_ = 0;
  lengths_ = {};
  const auto makes_sense = [&](const npu_route& slot) {
    return (slot.family == 4 || slot.family == 6) && is_canonical(prefix_of(slot)) && good(slot);
  };
  for (npu_route& slot : slots()) {
    if (!used(slot)) {
      continue;
    }
    if (makes_sense(slot)) {
      count(slot, 1);
    } else {
      put(word_of(&slot, 2), std::uint64_t{0});
      ++dropped;
    }
  }
  // What is not found where it stands is put where it is found; that can uncover others.
  for (bool moved = true; moved;) {
    moved = false;
    for (npu_route& slot : slots()) {
      if (!used(slot)) {
        continue;
      }
      const Prefix prefix = prefix_of(slot);
      const npu_route* found = find(prefix);
      if (found == &slot) {
        continue;
      }
      const npu_route content = snapshot(slot);
      put(word_of(&slot, 2), std::uint64_t{0});
      count(content, -1);
      moved = true;
      if (found == nullptr) {
        insert(prefix, content);
      } else {
        ++dropped;
      }
    }
  }
  return dropped;
}

}  // namespace issu::tables
