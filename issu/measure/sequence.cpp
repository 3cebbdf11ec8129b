#include "issu/measure/sequence.hpp"

#include <algorithm>

namespace issu::measure {

SequenceAccount::SequenceAccount(MonoNs begin, std::uint64_t window)
    : window_(std::max<std::uint64_t>(64, (window + 63) / 64 * 64)),
      seen_(window_ / 64, 0),
      top_arrival_(begin),
      last_arrival_(begin) {
  settled_gaps_.reserve(gaps_kept);
}

void SequenceAccount::add(SequenceTotals& totals, const Gap& gap) {
  totals.lost += gap.lost;
  ++totals.gap_count;
  if (totals.first_loss == 0) {
    totals.first_loss = gap.before;
  }
  if (gap.after == 0) {
    totals.came_back = false;
    return;
  }
  totals.longest_gap = std::max(totals.longest_gap, gap.length());
  totals.total_gap += gap.length();
  totals.last_loss = gap.after;
}

bool SequenceAccount::test_and_set(std::uint64_t number) {
  std::uint64_t& word = seen_[number % window_ / 64];
  const std::uint64_t bit = std::uint64_t{1} << (number % 64);
  const bool was = (word & bit) != 0;
  word |= bit;
  return was;
}

void SequenceAccount::advance_to(std::uint64_t number, MonoNs at) {
  if (number > next_) {
    holes_.push_back(Hole{next_, number, number - next_, top_arrival_, at});
    missing_in_holes_ += number - next_;
    longest_hole_ = std::max(longest_hole_, at - top_arrival_);
  }
  if (number - next_ >= window_) {
    std::fill(seen_.begin(), seen_.end(), 0);
  } else {
    for (std::uint64_t passed = next_; passed <= number; ++passed) {
      seen_[passed % window_ / 64] &= ~(std::uint64_t{1} << (passed % 64));
    }
  }
  test_and_set(number);
  next_ = number + 1;
  top_arrival_ = at;
  retire_holes();
}

void SequenceAccount::retire_holes() {
  while (!holes_.empty() && holes_.front().end + window_ <= next_) {
    const Hole& hole = holes_.front();
    const Gap gap{hole.before, hole.after, hole.missing};
    add(settled_, gap);
    if (settled_gaps_.size() < gaps_kept) {
      settled_gaps_.push_back(gap);
    }
    missing_in_holes_ -= hole.missing;
    holes_.pop_front();
  }
}

void SequenceAccount::fill(std::uint64_t number) {
  const auto hole =
      std::partition_point(holes_.begin(), holes_.end(),
                           [number](const Hole& candidate) { return candidate.end <= number; });
  if (hole == holes_.end() || number < hole->begin) {
    return;
  }
  --hole->missing;
  --missing_in_holes_;
  if (hole->missing == 0) {
    holes_.erase(hole);
  }
}

void SequenceAccount::arrived(std::uint64_t number, MonoNs at) {
  settled_.longest_silence = std::max(settled_.longest_silence, at - last_arrival_);
  last_arrival_ = std::max(last_arrival_, at);
  if (number >= next_) {
    ++settled_.received;
    advance_to(number, at);
    return;
  }
  if (number + window_ < next_) {
    ++settled_.too_late;
    return;
  }
  if (test_and_set(number)) {
    ++settled_.duplicated;
    return;
  }
  ++settled_.received;
  ++settled_.reordered;
  fill(number);
}

SequenceTotals SequenceAccount::so_far() const {
  SequenceTotals totals = settled_;
  for (const Hole& hole : holes_) {
    add(totals, Gap{hole.before, hole.after, hole.missing});
  }
  return totals;
}

SequenceTotals SequenceAccount::glance() const {
  SequenceTotals totals = settled_;
  totals.lost += missing_in_holes_;
  totals.longest_gap = longest_hole_;
  return totals;
}

SequenceTotals SequenceAccount::finish(std::uint64_t sent) const {
  SequenceTotals totals = so_far();
  if (sent > next_) {
    add(totals, Gap{top_arrival_, 0, sent - next_});
  }
  return totals;
}

std::vector<Gap> SequenceAccount::gaps(std::uint64_t sent) const {
  std::vector<Gap> list = settled_gaps_;
  for (const Hole& hole : holes_) {
    list.push_back(Gap{hole.before, hole.after, hole.missing});
  }
  if (sent > next_) {
    list.push_back(Gap{top_arrival_, 0, sent - next_});
  }
  list.resize(std::min(list.size(), gaps_kept));
  return list;
}

}  // namespace issu::measure
