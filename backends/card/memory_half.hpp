#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::backends::card {

/// A card has its memory twice, and a kernel runs in one half of it: the next one starts in the
/// other, which nothing has written to. In an emulated processor memory with instructions of the
/// old kernel is slow to write, since what was made of them has to be found and thrown away
/// (measured under QEMU 7.2's TCG: a kernel started 1.6 times as fast in fresh memory, and what it
/// read from a disk came ten times as fast). On any machine, nothing of the old kernel's memory,
/// keys too, is reachable by the new one before it was overwritten.
class MemoryHalf {
 public:
  enum Which { lower, upper };

  /// The halves are below the hole for devices only up to so much each.
  static constexpr std::uint32_t largest_mib = 1024;

  /// `mib`: of each half. Beyond `largest_mib` there is one memory that all kernels share.
  MemoryHalf(Which which, std::uint32_t mib) : which_(which), mib_(mib) {}
  /// The one in which the kernel with this command line runs.
  static MemoryHalf in_words(const std::string& command_line, std::uint32_t mib);

  [[nodiscard]] MemoryHalf other() const { return {which_ == lower ? upper : lower, mib_}; }
  [[nodiscard]] bool is_upper() const { return which_ == upper; }
  [[nodiscard]] bool shared() const { return mib_ > largest_mib; }
  /// Of all the card, MiB.
  [[nodiscard]] std::uint32_t card_mib() const { return shared() ? mib_ : 2 * mib_; }

  /// With a space in front; the kernel keeps to the half then.
  [[nodiscard]] std::string kernel_words() const;
  /// By which a kernel is moved that was linked for the lower half.
  [[nodiscard]] std::uint64_t shift() const;
  /// That make kexec put a kernel there.
  [[nodiscard]] std::vector<std::string> kexec_words() const;
  /// Overwrites what is not zero in it; of a half in which no kernel runs. In that half's card.
  [[nodiscard]] Result<void> wipe() const;

 private:
  [[nodiscard]] std::uint64_t first() const;
  [[nodiscard]] std::uint64_t end() const;

  Which which_;
  std::uint32_t mib_;
};

}  // namespace issu::backends::card
