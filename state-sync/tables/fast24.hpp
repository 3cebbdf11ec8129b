#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "issu/base/clock.hpp"
#include "state-sync/tables/memory.h"

namespace issu::tables {

/// The writer's side of FAST24: a byte for each entry of TBL24, so that a random lookup touches a
/// quarter of its memory. Up to 254 next hops have a code at a time; entries of others, and those
/// with longer prefixes in them, say "look into TBL24".
///
/// Bytes are written behind their entries. Until then they answer as before the change; after a
/// kill in between, `repair` puts them right.
class Fast24 {
 public:
  /// `view` and what `now` needs outlive this.
  Fast24(const npu_view& view, std::function<MonoNs()> now)
      : view_(&view), now_(std::move(now)), code_of_(view.capacities.nexthops) {}

  /// After a restart, before any `say`: finds out which codes stand for what.
  void adopt();
  /// `count` entries of TBL24 from `first` on have become `entry`.
  void say(std::size_t first, std::size_t count, std::uint32_t entry);
  /// Compares each byte with its entry; gives back how many were wrong.
  std::uint64_t repair();
  [[gnu::always_inline]] void prefetch(std::size_t index) const {
    __builtin_prefetch(&view_->fast24[index], 1);
  }

 private:
  /// A code that no entry has since a moment: it may stand for another next hop after `grace`.
  struct Empty {
    std::uint8_t code;
    MonoNs at;
  };

  /// How many bytes from `first` on, of at most `count`, are what the first is.
  [[nodiscard]] std::size_t run(std::size_t first, std::size_t count) const;
  void fill(std::size_t first, std::size_t count, std::uint8_t code);
  std::uint8_t code_for(std::uint32_t id);
  /// A code for a new next hop; NPU_CODE_LOOK: none is free.
  std::uint8_t take(std::uint32_t id);

  const npu_view* view_;
  std::function<MonoNs()> now_;
  std::vector<std::uint8_t> code_of_;  ///< by next-hop id; 0: none
  std::array<std::uint32_t, NPU_CODES> uses_{};
  std::array<MonoNs, NPU_CODES> emptied_{};
  std::vector<std::uint8_t> unused_;  ///< codes that never stood for anything
  std::deque<Empty> empty_;
};

}  // namespace issu::tables
