#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "issu/base/clock.hpp"

namespace issu::fpm {

/// What a feed has taken in, and what it could not.
struct FeedCounters {
  std::uint64_t messages = 0;
  std::uint64_t routes_set = 0;
  std::uint64_t routes_removed = 0;
  std::uint64_t replaced_in_one = 0;  ///< withdrawn and announced in one frame: one change
  std::uint64_t nexthops = 0;
  std::uint64_t skipped = 0;  ///< other kinds, tables and protocols: not the NPU's
  std::uint64_t malformed = 0;
  std::uint64_t unknown_nexthop = 0;  ///< a next-hop id that nobody announced
  std::uint64_t set_later = 0;        ///< of those, set when it was announced
  std::uint64_t unknown_port = 0;     ///< an interface that is no port
  std::uint64_t encapsulated = 0;     ///< a next hop that asks for what the NPU can't do
  std::uint64_t refused = 0;          ///< by the tables: full, or fenced
  [[nodiscard]] std::uint64_t faults() const {
    return malformed + unknown_nexthop + unknown_port + encapsulated + refused;
  }
};

/// Counts what can't be followed, and tells it, at most once a second: with how many were not told.
class Faults {
 public:
  explicit Faults(std::function<void(const std::string&)> log) : log_(std::move(log)) {}

  /// `what` is called only when it is told: faults may come by the million.
  template <typename What>
  void count(std::uint64_t& counter, const What& what) {
    ++counter;
    const MonoNs now = mono_now();
    if (!log_ || (told_at_ != 0 && now - told_at_ < interval)) {
      ++untold_;
      return;
    }
    told_at_ = now;
    log_(untold_ == 0 ? what() : what() + " (and " + std::to_string(untold_) + " more)");
    untold_ = 0;
  }

 private:
  static constexpr MonoNs interval = 1'000'000'000;

  std::function<void(const std::string&)> log_;
  std::uint64_t untold_ = 0;
  MonoNs told_at_ = 0;
};

}  // namespace issu::fpm
