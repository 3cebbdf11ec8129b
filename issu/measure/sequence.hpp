#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "issu/base/clock.hpp"

namespace issu::measure {

/// Lost frames that follow each other, between two that arrived.
struct Gap {
  MonoNs before = 0;       ///< arrival of the last frame before
  MonoNs after = 0;        ///< arrival of the first frame behind; 0: none came any more
  std::uint64_t lost = 0;  ///< frames
  [[nodiscard]] MonoNs length() const { return after - before; }
};

/// What became of the numbered frames of one stream.
struct SequenceTotals {
  std::uint64_t received = 0;    ///< different frames
  std::uint64_t lost = 0;        ///< sent and not received
  std::uint64_t duplicated = 0;  ///< copies beyond the first
  std::uint64_t reordered = 0;   ///< arrived behind a frame with a higher number (RFC 4737)
  std::uint64_t too_late = 0;    ///< behind by more than the window: counted as lost
  std::uint64_t gap_count = 0;
  MonoNs longest_gap = 0;  ///< of the gaps with lost frames
  MonoNs total_gap = 0;
  MonoNs first_loss = 0;       ///< last arrival before the first lost frame; 0: nothing was lost
  MonoNs last_loss = 0;        ///< first arrival behind the last lost frame
  MonoNs longest_silence = 0;  ///< between two arrivals, lost frames or not
  bool came_back = true;       ///< false: nothing arrived behind the last lost frame
};

/// Accounts for the frames of one stream: each number once, whatever the order they come in.
///
/// Memory is bounded: a frame is remembered over a window of `window` numbers, and what leaves the
/// window unseen is lost. Not for two threads at a time.
class SequenceAccount {
 public:
  static constexpr std::uint64_t default_window = 1U << 20U;
  static constexpr std::size_t gaps_kept = 1000;

  /// `begin`: when the first frame was to be sent; stands in for an arrival before the first.
  explicit SequenceAccount(MonoNs begin, std::uint64_t window = default_window);

  void arrived(std::uint64_t number, MonoNs at);

  /// What is known while frames still flow: frames above the highest that came are on their way.
  [[nodiscard]] SequenceTotals so_far() const;
  /// Received, lost so far and an upper bound of the longest gap, at no cost however many holes are
  /// open: frames that are only late still count as lost.
  [[nodiscard]] SequenceTotals glance() const;
  /// The end: `sent` frames were sent (0 to sent-1), nothing comes any more.
  [[nodiscard]] SequenceTotals finish(std::uint64_t sent) const;
  /// The first `gaps_kept` gaps, in order, as of `finish(sent)`.
  [[nodiscard]] std::vector<Gap> gaps(std::uint64_t sent) const;

  /// One above the highest number that came.
  [[nodiscard]] std::uint64_t next() const { return next_; }
  [[nodiscard]] MonoNs last_arrival() const { return last_arrival_; }

 private:
  /// Numbers that were passed over; `missing` of them have not come.
  struct Hole {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t missing = 0;
    MonoNs before = 0;
    MonoNs after = 0;
  };

  static void add(SequenceTotals& totals, const Gap& gap);
  bool test_and_set(std::uint64_t number);
  void advance_to(std::uint64_t number, MonoNs at);
  void fill(std::uint64_t number);
  void retire_holes();

  std::uint64_t window_;
  std::vector<std::uint64_t> seen_;  ///< one bit a number, modulo the window
  std::deque<Hole> holes_;           ///< in order; those that still may be filled
  std::uint64_t next_ = 0;
  std::uint64_t missing_in_holes_ = 0;
  MonoNs longest_hole_ = 0;
  MonoNs top_arrival_;  ///< of the highest number
  MonoNs last_arrival_;
  SequenceTotals settled_;  ///< holes that left the window, and all counters
  std::vector<Gap> settled_gaps_;
};

}  // namespace issu::measure
