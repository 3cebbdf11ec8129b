#include "state-sync/fib_state.hpp"

#include <doctest/doctest.h>

#include "issu/base/file.hpp"
#include "tests/temp_dir.hpp"

using namespace issu::state_sync;
using issu::ErrorKind;

namespace {

FibState sample() {
  FibState state;
  state.epoch = 7;
  state.holding = true;
  state.complete = true;
  state.counts = {10, 6, 3, 2, 1, 4};
  state.quiet_s = 1.5;
  state.stale_sample = {Prefix::parse("10.0.0.0/8").value()};
  return state;
}

}  // namespace

TEST_CASE("a state is written and read") {
  const auto read = fib_state_from_json(to_json(sample()));
  REQUIRE(read);
  CHECK(read->epoch == 7);
  CHECK(read->holding);
  CHECK(read->complete);
  CHECK(read->counts.held == 10);
  CHECK(read->counts.refreshed == 6);
  CHECK(read->counts.stale == 3);
  CHECK(read->counts.added == 2);
  CHECK(read->counts.deleted == 1);
  CHECK(read->counts.swept == 4);
  CHECK(read->quiet_s == 1.5);
  CHECK(read->stale_sample == sample().stale_sample);
}

TEST_CASE("what is no state is an error, not a crash") {
  for (const char* text : {"", "{", "[]", "{}", "null", "{\"epoch\": -1}", "{\"epoch\": \"x\"}"}) {
    CAPTURE(text);
    CHECK_FALSE(fib_state_from_json(text));
    CHECK_FALSE(read_answer(text));
  }
}

TEST_CASE("an answer carries the error with its kind and its hint") {
  const auto error = read_answer(
      answer_line(issu::Result<FibState>(issu::fail("no", "do that", ErrorKind::refused))));
  REQUIRE_FALSE(error);
  CHECK(error.error().what() == "no");
  CHECK(error.error().hint() == "do that");
  CHECK(error.error().kind() == ErrorKind::refused);
  CHECK(read_answer(answer_line(sample()))->counts.held == 10);
}

TEST_CASE("an open epoch whose tracker is gone is not complete, a released one stays so") {
  const issu::tests::TempDir dir;
  const auto file = dir / "epoch";
  CHECK(load_fib_state(file)->epoch == 0);
  REQUIRE(issu::write_file_atomic(file, to_json(sample())));
  CHECK_FALSE(load_fib_state(file)->complete);
  auto released = sample();
  released.holding = false;
  REQUIRE(issu::write_file_atomic(file, to_json(released)));
  CHECK(load_fib_state(file)->complete);
  REQUIRE(issu::write_file_atomic(file, "torn"));
  CHECK_FALSE(load_fib_state(file));
}
