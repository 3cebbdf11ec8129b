#include "issu/run_clock.hpp"

#include <doctest/doctest.h>

namespace issu {
namespace {

constexpr std::int64_t s = 1'000'000'000;

Records run(MonoNs mono_end, std::int64_t wall_end) {
  Record opened{Event::opened, std::nullopt, "", {{"boot", "boot-1"}}, 100 * s, 1'000'000 * s};
  Record done{Event::done, Phase::commit, "", {}, mono_end, wall_end};
  return {opened, done};
}

TEST_CASE("a duration is by the monotonic clock, whatever the wall clock did") {
  const auto plain = run_clock(run(120 * s, 1'000'020 * s), "boot-1");
  CHECK(plain.duration_s == 20.0);
  CHECK(plain.stepped_s == 0.0);
  CHECK(clock_anomaly(plain).empty());

  const auto back = run_clock(run(120 * s, 996'420 * s), "boot-1");
  CHECK(back.duration_s == 20.0);
  CHECK(back.stepped_s == -3600.0);
  CHECK(clock_anomaly(back).find("set back by 3600.0 s") != std::string::npos);

  const auto forward = run_clock(run(120 * s, 1'003'620 * s), "boot-1");
  CHECK(forward.duration_s == 20.0);
  CHECK(clock_anomaly(forward).find("set forward by 3600.0 s") != std::string::npos);
}

TEST_CASE("across a boot nothing is known, and nothing is negative") {
  for (const MonoNs mono : {5 * s, 120 * s}) {
    const auto clock = run_clock(run(mono, 1'000'500 * s), "boot-2");
    CHECK_FALSE(clock.duration_s);
    CHECK_FALSE(clock.stepped_s);
    CHECK(to_json(clock)["duration_s"].is_null());
  }
  CHECK_FALSE(run_clock(run(5 * s, 1'000'500 * s), "boot-1").duration_s);
  CHECK_FALSE(run_clock({}, "boot-1").duration_s);
}

TEST_CASE("this machine says its boot, the same each time") {
  CHECK(boot_id().size() == 36);
  CHECK(boot_id() == boot_id());
}

}  // namespace
}  // namespace issu
