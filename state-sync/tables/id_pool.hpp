#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "issu/base/clock.hpp"
#include "state-sync/tables/atomics.hpp"

namespace issu::tables {

/// How long a reader may hold on to what it found in the tables.
inline constexpr MonoNs grace = 1'000'000'000;

/// Ids that are given out and come back. One that came back is not given out again for `grace`:
/// a reader without a lock may just be following it.
class IdPool {
 public:
  /// Ids from `first` to `capacity` - 1. `high_water` lies in the shared header: ids below it were
  /// in use at some time, by us or a writer before us.
  IdPool(std::uint32_t first, std::uint32_t capacity, std::uint32_t& high_water)
      : first_(first), capacity_(capacity), high_water_(&high_water) {
    if (peek(*high_water_) < first_ || peek(*high_water_) > capacity_) {
      put(*high_water_, peek(*high_water_) > capacity_ ? capacity_ : first_);
    }
  }

  /// After a restart: `used[id]` says which are in use; the others came back at this moment.
  void adopt(const std::vector<bool>& used, MonoNs now) {
    free_.clear();
    retired_.clear();
    std::uint32_t high = peek(*high_water_);
    for (std::uint32_t id = capacity_; id > high; --id) {
      if (used[id - 1]) {
        high = id;
      }
    }
    put(*high_water_, high);
    for (std::uint32_t id = first_; id < high; ++id) {
      if (!used[id]) {
        retired_.push_back({id, now});
      }
    }
  }

  [[nodiscard]] std::uint64_t available(MonoNs now) {
    mature(now);
    return free_.size() + (capacity_ - peek(*high_water_));
  }

  [[nodiscard]] std::optional<std::uint32_t> take(MonoNs now) {
    mature(now);
    if (!free_.empty()) {
      const std::uint32_t id = free_.back();
      free_.pop_back();
      return id;
    }
    const std::uint32_t id = peek(*high_water_);
    if (id >= capacity_) {
      return std::nullopt;
    }
    put(*high_water_, id + 1);
    return id;
  }

  void retire(std::uint32_t id, MonoNs now) { retired_.push_back({id, now}); }
  /// Nobody has seen it: it can be given out at once.
  void give_back(std::uint32_t id) { free_.push_back(id); }

 private:
  struct Retired {
    std::uint32_t id;
    MonoNs at;
  };

  void mature(MonoNs now) {
    while (!retired_.empty() && now - retired_.front().at >= grace) {
      free_.push_back(retired_.front().id);
      retired_.pop_front();
    }
  }

  std::uint32_t first_;
  std::uint32_t capacity_;
  std::uint32_t* high_water_;
  std::vector<std::uint32_t> free_;
  std::deque<Retired> retired_;
};

}  // namespace issu::tables
