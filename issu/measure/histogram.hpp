#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "issu/base/clock.hpp"

namespace issu::measure {

/// Counts times in buckets whose width is 1/16 of their value: percentiles are right to 6 %, in
/// fixed memory.
class Histogram {
 public:
  void add(MonoNs time) {
    const auto value = static_cast<std::uint64_t>(std::max<MonoNs>(time, 0));
    ++buckets_[index_of(value)];
    ++count_;
    min_ = count_ == 1 ? value : std::min(min_, value);
    max_ = std::max(max_, value);
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Calls `visit(longest time of the bucket, how many)` for each that is not empty, in order.
  template <typename Visit>
  void each(const Visit& visit) const {
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      if (buckets_[i] > 0) {
        visit(static_cast<MonoNs>(top_of(i)), buckets_[i]);
      }
    }
  }
  [[nodiscard]] MonoNs min() const { return static_cast<MonoNs>(min_); }
  [[nodiscard]] MonoNs max() const { return static_cast<MonoNs>(max_); }
  /// `share`: 0 to 1. 0 when nothing was counted.
  [[nodiscard]] MonoNs percentile(double share) const {
    const auto rank = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      below += buckets_[i];
      if (below > rank) {
        return static_cast<MonoNs>(std::clamp(top_of(i), min_, max_));
      }
    }
    return max();
  }

 private:
  static constexpr unsigned sub_bits = 4;

  static std::size_t index_of(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    if (width <= sub_bits + 1) {
      return static_cast<std::size_t>(value);
    }
    const unsigned shift = width - sub_bits - 1;
    return (static_cast<std::size_t>(shift) << sub_bits) + static_cast<std::size_t>(value >> shift);
  }
  static std::uint64_t top_of(std::size_t index) {
    if (index < (std::size_t{2} << sub_bits)) {
      return index;
    }
    const std::size_t shift = (index >> sub_bits) - 1;
    const std::uint64_t mantissa = (index & ((1U << sub_bits) - 1)) | (1U << sub_bits);
    return ((mantissa + 1) << shift) - 1;
  }

  std::array<std::uint64_t, 1024> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t min_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace issu::measure
