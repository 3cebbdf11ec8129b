#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "issu/base/clock.hpp"
#include "state-sync/tables/id_pool.hpp"

namespace issu::tables {

/// Ranges of buckets for groups, in chunks of 8. A range that came back is not given out again
/// for `grace`.
class BucketPool {
 public:
  static constexpr std::uint32_t chunk = 8;

  BucketPool(std::uint32_t buckets, std::uint32_t& high_water)
      : usable_at_(buckets / chunk, never_used), high_water_(&high_water) {}

  /// The first bucket of a range of `count`.
  [[nodiscard]] std::optional<std::uint32_t> take(std::uint32_t count, MonoNs now) {
    const std::size_t chunks = (count + chunk - 1) / chunk;
    std::size_t run = 0;
    for (std::size_t i = 0; i < usable_at_.size(); ++i) {
      run = usable_at_[i] <= now ? run + 1 : 0;
      if (run == chunks) {
        const std::size_t first = i + 1 - chunks;
        mark(first, chunks, in_use);
        put(*high_water_, std::max(peek(*high_water_), static_cast<std::uint32_t>(i + 1)));
        return static_cast<std::uint32_t>(first * chunk);
      }
    }
    return std::nullopt;
  }
  void retire(std::uint32_t first, std::uint32_t count, MonoNs now) {
    mark(first / chunk, (count + chunk - 1) / chunk, now + grace);
  }

  /// After a restart: all that was ever used came back at this moment; then `claim` what is in use.
  void adopt(MonoNs now) {
    mark(0, std::min<std::size_t>(peek(*high_water_), usable_at_.size()), now + grace);
  }
  void claim(std::uint32_t first, std::uint32_t count) {
    mark(first / chunk, (count + chunk - 1) / chunk, in_use);
  }

 private:
  static constexpr MonoNs never_used = std::numeric_limits<MonoNs>::min();
  static constexpr MonoNs in_use = std::numeric_limits<MonoNs>::max();

  void mark(std::size_t first, std::size_t chunks, MonoNs when) {
    for (std::size_t i = first; i < first + chunks && i < usable_at_.size(); ++i) {
      usable_at_[i] = when;
    }
  }

  std::vector<MonoNs> usable_at_;  ///< of each chunk
  std::uint32_t* high_water_;      ///< in chunks
};

}  // namespace issu::tables
