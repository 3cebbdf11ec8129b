#pragma once

#include <cstdint>
#include <deque>

#include "issu/measure/measurement.hpp"

namespace issu::measure {

/// Follows the questions to one address and their answers to its EchoResult. Questions are
/// numbered from 0 on. Not for two threads at a time.
class EchoTrack {
 public:
  /// A question that was not answered for so long counts as unanswered.
  static constexpr MonoNs patience = 1'000'000'000;

  /// From here it counts: what was asked before is forgotten, also when it is answered later.
  void begin_counting(MonoNs at);
  /// The number of the next question, which is asked now.
  std::uint64_t asked(MonoNs at);
  void answered(std::uint64_t number, MonoNs at);

  /// False: it never answered, or a question is older than `patience` and none since was answered.
  [[nodiscard]] bool answering(MonoNs now) const;
  [[nodiscard]] MonoNs last_answer() const { return last_answer_; }  ///< 0: never
  [[nodiscard]] bool waits() const { return !open_.empty(); }
  /// Fills in all but the names. Questions that are younger than `patience` are left out.
  void finish(EchoResult& result, MonoNs at) const;

 private:
  struct Question {
    std::uint64_t number = 0;
    MonoNs at = 0;
  };

  static constexpr std::size_t kept = 1000;
  std::deque<Question> open_;  ///< asked, in order, and not answered
  std::uint64_t next_ = 0;
  std::uint64_t first_counted_ = 0;
  std::uint64_t asked_ = 0;
  std::uint64_t answered_ = 0;
  MonoNs last_answer_ = 0;  ///< 0: it never answered
  MonoNs begin_ = 0;
  MonoNs last_asked_ = 0;
  double longest_ms_ = 0;
  double silent_ms_ = 0;
  std::vector<Silence> silences_;
};

}  // namespace issu::measure
