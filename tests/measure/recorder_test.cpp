#include "issu/measure/recorder.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include "issu/base/file.hpp"
#include "issu/measure/probe.hpp"
#include "issu/measure/result_json.hpp"
#include "tests/issu/small_disk.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

namespace issu::measure {
namespace {

Live looked(MonoNs at, std::uint64_t frames) {
  Live live;
  live.begin = 1;
  live.at = at;
  live.state = "counting";
  live.streams.push_back({"west", frames, frames, 0, 0});
  return live;
}

TEST_CASE("a disk that gets full does not end what counts") {
  if (::geteuid() != 0) {
    ISSU_SKIP("only root can mount a small disk");
  }
  const issu::tests::TempDir dir;
  const auto folder = dir / "small";
  issu::tests::SmallDisk disk(folder);
  auto recorder = Recorder::open(folder);
  REQUIRE(recorder);
  REQUIRE(recorder->live(looked(mono_now(), 100'000)));
  REQUIRE(recorder->sample(looked(1'000, 10)));
  disk.fill();

  SUBCASE("it goes on, and its room is enough for the result") {
    for (std::uint64_t i = 1; i <= 100; ++i) {
      REQUIRE(recorder->sample(looked(static_cast<MonoNs>(1'000 + i), 10 + i)));
      REQUIRE(recorder->live(looked(mono_now(), i)));
      const auto live = read_live(folder);
      REQUIRE(live);
      CHECK(live->streams.front().sent == i);
    }
    const auto timeline = read_timeline(folder);
    REQUIRE(timeline);
    CHECK(timeline->size() == 101);
    CHECK(timeline->back().sent == 110);
  }

  SUBCASE("a timeline without room has a gap, and goes on where there is some again") {
    for (int i = 0; i < 40'000; ++i) {
      REQUIRE(recorder->sample(looked(2'000, 20)));
    }
    std::filesystem::remove(folder / "filler");
    REQUIRE(recorder->sample(looked(3'000, 30)));
    const auto timeline = read_timeline(folder);
    REQUIRE(timeline);
    CHECK(timeline->size() > 1'000);
    CHECK(timeline->size() < 40'000);
    CHECK(timeline->back().sent == 30);
    disk.fill();
  }

  Measurement measurement;
  measurement.begin = 1;
  REQUIRE(recorder->result(measurement));
  CHECK(read_result(folder).has_value());
  CHECK_FALSE(std::filesystem::exists(folder / room_file));
}

}  // namespace
}  // namespace issu::measure
