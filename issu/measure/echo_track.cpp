#include "issu/measure/echo_track.hpp"

#include <algorithm>

namespace issu::measure {

void EchoTrack::begin_counting(MonoNs at) {
  open_.clear();
  first_counted_ = next_;
  begin_ = at;
  asked_ = answered_ = 0;
  silences_.clear();
  longest_ms_ = silent_ms_ = 0;
}

std::uint64_t EchoTrack::asked(MonoNs at) {
  open_.push_back({next_, at});
  // Nobody answers any more: what the silence will be is known from the first of them.
  constexpr std::size_t most = 100'000;
  if (open_.size() > most) {
    open_.erase(open_.begin() + 1);
  }
  ++asked_;
  last_asked_ = at;
  return next_++;
}

void EchoTrack::answered(std::uint64_t number, MonoNs at) {
  const auto question = std::lower_bound(
      open_.begin(), open_.end(), number,
      [](const Question& each, std::uint64_t value) { return each.number < value; });
  if (number < first_counted_ || question == open_.end() || question->number != number) {
    return;  // of before, a copy, or later than what was passed over
  }
  ++answered_;
  const std::uint64_t passed = number - open_.front().number;
  open_.erase(open_.begin(), question + 1);
  if (passed > 0) {
    const MonoNs from = std::max(last_answer_, begin_);
    longest_ms_ = std::max(longest_ms_, to_ms(at - from));
    silent_ms_ += to_ms(at - from);
    if (silences_.size() < kept) {
      silences_.push_back({from, at, passed});
    }
  }
  last_answer_ = at;
}

bool EchoTrack::answering(MonoNs now) const {
  return last_answer_ != 0 && (open_.empty() || now - open_.front().at < patience);
}

void EchoTrack::finish(EchoResult& result, MonoNs at) const {
  const auto late = static_cast<std::uint64_t>(std::count_if(
      open_.begin(), open_.end(), [at](const Question& each) { return at - each.at >= patience; }));
  result.asked = asked_ - (open_.size() - late);
  result.answered = answered_;
  result.silences = silences_;
  result.longest_silence_ms = longest_ms_;
  result.silent_ms = silent_ms_;
  result.answering_after = last_answer_ != 0 && late == 0;
  if (late > 0) {
    const MonoNs from = std::max(last_answer_, begin_);
    result.silent_ms += to_ms(std::max(last_asked_ - from, MonoNs{0}));
    if (result.silences.size() < kept) {
      result.silences.push_back({from, 0, late});
    }
  }
  if (asked_ == 0) {
    result.why_not = "nothing was asked";
  } else if (last_answer_ == 0) {
    result.why_not = "the address never answered";
  }
  result.measured = result.why_not.empty();
}

}  // namespace issu::measure
