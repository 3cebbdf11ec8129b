#include "issu/compare/turns.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include "issu/compare/compare.hpp"

namespace issu::compare {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

unsigned taken(Turns turns) {
  unsigned count = 0;
  while (turns.next()) {
    ++count;
  }
  return count;
}

TEST_CASE("a measurement is repeated as often as wanted") {
  drill::Interrupt interrupt;
  CHECK(taken({3, Deadline::in(hours(1)), interrupt}) == 3);
  CHECK(taken({0, Deadline::in(hours(1)), interrupt}) == 0);
}

TEST_CASE("none is begun when the time is up, or when the longest so far would end too late") {
  drill::Interrupt interrupt;
  Turns late(3, Deadline::in(milliseconds(0)), interrupt);
  CHECK_FALSE(late.next());
  CHECK(late.cut());
  CHECK(late.taken() == 0);
  Turns slow(1000, Deadline::in(milliseconds(90)), interrupt);
  while (slow.next()) {
    sleep_for(milliseconds(50));
  }
  CHECK(slow.cut());
  CHECK(slow.taken() < 3);
}

TEST_CASE("an interrupt ends them") {
  drill::Interrupt interrupt;
  Turns turns(5, Deadline::in(hours(1)), interrupt);
  CHECK(turns.next());
  ::raise(SIGTERM);
  CHECK_FALSE(turns.next());
  CHECK_FALSE(interrupt.time_is_up());
}

TEST_CASE("an interrupt's own time ends a sleep, and a later time takes its place") {
  drill::Interrupt interrupt;
  interrupt.end_at(Deadline::in(milliseconds(0)));
  CHECK(interrupt.sleep(hours(1)));
  CHECK(interrupt.time_is_up());
  interrupt.end_at(Deadline::in(hours(1)));
  CHECK_FALSE(interrupt.came());
  CHECK_FALSE(interrupt.sleep(milliseconds(1)));
}

TEST_CASE("a row's share of the time is by its weight, and what it leaves is the others'") {
  CHECK(share_of(1000, {1, 1, 2}) == 250);
  CHECK(share_of(1000, {2}) == 1000);
  CHECK(share_of(-5, {2}) == 0);
  CHECK(share_of(1000, {}) == 0);
}

TEST_CASE("all that is wrong with the operator's words is told at once") {
  StudyOptions options;
  CHECK(check_words(options).has_value());
  options.only = {"memory", "speed"};
  options.limit_minutes = 0;
  options.runs = 0;
  options.memory_share = 1.5;
  const auto wrong = check_words(options);
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().kind() == ErrorKind::usage);
  const std::string message = wrong.error().message();
  for (const char* word :
       {"there is no row speed", "--limit-minutes 0", "--runs 0", "--memory-share 1.5"}) {
    CAPTURE(word);
    CHECK(message.find(word) != std::string::npos);
  }
}

}  // namespace
}  // namespace issu::compare
