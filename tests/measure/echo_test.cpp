#include <doctest/doctest.h>

#include "issu/measure/echo_track.hpp"

using namespace issu;
using namespace issu::measure;

namespace {

constexpr MonoNs ms = 1'000'000;

EchoResult result_of(const EchoTrack& track, MonoNs at) {
  EchoResult result;
  track.finish(result, at);
  return result;
}

/// Asked each 50 ms from `from` on, answered 1 ms later when `answers`.
MonoNs ask(EchoTrack& track, MonoNs from, int times, bool answers) {
  for (int i = 0; i < times; ++i, from += 50 * ms) {
    const std::uint64_t number = track.asked(from);
    if (answers) {
      track.answered(number, from + ms);
    }
  }
  return from;
}

}  // namespace

TEST_CASE("an address that answers each question") {
  EchoTrack track;
  ask(track, 100 * ms, 3, true);
  track.begin_counting(300 * ms);
  const MonoNs end = ask(track, 300 * ms, 20, true);
  CHECK(track.answering(end));
  const EchoResult result = result_of(track, end + 1000 * ms);
  CHECK(result.measured);
  CHECK(result.asked == 20);
  CHECK(result.answered == 20);
  CHECK(result.silences.empty());
  CHECK(result.longest_silence_ms == 0);
  CHECK(result.answering_after);
}

TEST_CASE("a silence lasts from the last answer before to the first after") {
  EchoTrack track;
  track.begin_counting(0);
  const MonoNs dark = ask(track, 0, 10, true);      // last answer at 451 ms
  const MonoNs light = ask(track, dark, 8, false);  // 500 to 850 ms
  ask(track, light, 5, true);                       // first answer at 901 ms
  const EchoResult result = result_of(track, 3000 * ms);
  CHECK(result.measured);
  CHECK(result.asked == 23);
  CHECK(result.answered == 15);
  REQUIRE(result.silences.size() == 1);
  CHECK(result.silences[0].from == 451 * ms);
  CHECK(result.silences[0].to == 901 * ms);
  CHECK(result.silences[0].unanswered == 8);
  CHECK(result.longest_silence_ms == 450);
  CHECK(result.silent_ms == 450);
  CHECK(result.answering_after);
}

TEST_CASE("a silence that goes on has no end, and is not taken for none") {
  EchoTrack track;
  track.begin_counting(0);
  const MonoNs dark = ask(track, 0, 2, true);
  const MonoNs end = ask(track, dark, 40, false);
  CHECK_FALSE(track.answering(end));
  const EchoResult result = result_of(track, end + 1000 * ms);
  CHECK(result.measured);
  CHECK_FALSE(result.answering_after);
  REQUIRE(result.silences.size() == 1);
  CHECK(result.silences[0].to == 0);
  CHECK(result.longest_silence_ms == 0);  // of those that ended
  CHECK(result.silent_ms == doctest::Approx(to_ms(end - 50 * ms - 51 * ms)));
}

TEST_CASE("an address that never answered is not measured") {
  EchoTrack track;
  track.begin_counting(0);
  CHECK_FALSE(track.answering(0));
  CHECK(result_of(track, 10 * ms).why_not == "nothing was asked");
  const MonoNs end = ask(track, 0, 5, false);
  const EchoResult result = result_of(track, end + 1000 * ms);
  CHECK_FALSE(result.measured);
  CHECK(result.why_not == "the address never answered");
  CHECK(result.answered == 0);
  CHECK_FALSE(result.answering_after);
}

TEST_CASE("answers to what was asked before counting, and copies, don't count") {
  EchoTrack track;
  const std::uint64_t early = track.asked(0);
  track.begin_counting(10 * ms);
  const std::uint64_t counted = track.asked(20 * ms);
  track.answered(early, 21 * ms);
  track.answered(counted, 22 * ms);
  track.answered(counted, 23 * ms);
  track.answered(counted + 5, 24 * ms);
  const EchoResult result = result_of(track, 2000 * ms);
  CHECK(result.asked == 1);
  CHECK(result.answered == 1);
}
