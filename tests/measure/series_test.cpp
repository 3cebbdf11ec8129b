#include "issu/measure/series.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <numeric>

#include "tests/temp_dir.hpp"

namespace issu::measure {
namespace {

constexpr MonoNs ms = 1'000'000;

std::uint64_t sum(const std::vector<std::uint64_t>& list) {
  return std::accumulate(list.begin(), list.end(), std::uint64_t{0});
}

/// 1000 frames a second for `seconds`, the lines off by up to 7 ms as those of a busy machine.
void write_timeline(const std::filesystem::path& folder, int seconds) {
  std::ofstream file(folder / "timeline.jsonl");
  for (int i = 0; i <= seconds * 10; ++i) {
    const MonoNs at = 5'000 * ms + (100 * i + i * 3 % 8) * ms;
    const int count = 100 * i + i * 3 % 8;
    file << R"({"streams":{"west":[)" << count << "," << count << R"(,0]},"t":)" << at << "}\n";
    if (i == 3) {
      file << R"({"event":"down","peer":"east","session":"r","t":5300000000})"
           << "\n";
    }
  }
  file << R"({"streams":{"west":[9)";  // torn by a kill
}

TEST_CASE("a steady stream is steady in its buckets, and nothing is counted twice or left out") {
  const issu::tests::TempDir folder;
  write_timeline(folder.path(), 4);
  const auto series = read_series(folder.path(), 0, 0, 300);
  REQUIRE(series);
  REQUIRE(*series);
  CHECK((*series)->begin == 5'000 * ms);
  CHECK((*series)->step == 100 * ms);
  REQUIRE((*series)->streams.size() == 1);
  const SeriesStream& stream = (*series)->streams[0];
  CHECK(stream.name == "west");
  CHECK(sum(stream.received) == 4000);
  CHECK(sum(stream.sent) == 4000);
  for (std::size_t i = 0; i + 1 < stream.received.size(); ++i) {
    CHECK(stream.received[i] >= 99);
    CHECK(stream.received[i] <= 101);
  }
}

TEST_CASE("a long run has longer buckets, not more of them") {
  const issu::tests::TempDir folder;
  write_timeline(folder.path(), 95);
  const auto series = read_series(folder.path(), 0, 0, 50);
  REQUIRE(series);
  REQUIRE(*series);
  CHECK((*series)->streams[0].received.size() <= 50);
  CHECK((*series)->streams[0].received.size() >= 40);
  CHECK((*series)->step >= 1'900 * ms);
  CHECK(sum((*series)->streams[0].received) == 95'000 + 950 * 3 % 8);
}

TEST_CASE("a first line that was late is no burst") {
  const issu::tests::TempDir folder;
  std::ofstream(folder.path() / "timeline.jsonl")
      << R"({"streams":{"a":[50,50,0]},"t":5050000000})"
      << "\n"
      << R"({"streams":{"a":[1000,1000,0]},"t":6000000000})"
      << "\n";
  const auto series = read_series(folder.path(), 5'000 * ms, 6'000 * ms, 300);
  REQUIRE(series);
  REQUIRE(*series);
  CHECK((*series)->begin == 5'000 * ms);
  CHECK((*series)->streams[0].received == std::vector<std::uint64_t>(10, 100));
}

TEST_CASE("what arrives while the run drains counts in its last bucket") {
  const issu::tests::TempDir folder;
  write_timeline(folder.path(), 4);
  const auto series = read_series(folder.path(), 0, 7'950 * ms, 300);
  REQUIRE(series);
  REQUIRE(*series);
  const SeriesStream& stream = (*series)->streams[0];
  CHECK(stream.received.size() == 29);
  CHECK(sum(stream.received) == 4000);
  CHECK(stream.received.back() > 1000);
}

TEST_CASE("no timeline, or one without two lines, gives no series and no error") {
  const issu::tests::TempDir folder;
  auto series = read_series(folder.path(), 0, 0, 300);
  REQUIRE(series);
  CHECK_FALSE(*series);
  std::ofstream(folder.path() / "timeline.jsonl") << R"({"streams":{"a":[1,1,0]},"t":7})"
                                                  << "\n";
  series = read_series(folder.path(), 0, 0, 300);
  REQUIRE(series);
  CHECK_FALSE(*series);
}

TEST_CASE("a loss counts in the bucket where its gap began") {
  Series series;
  series.begin = 1000 * ms;
  series.step = 100 * ms;
  const auto lost = losses_in({{1'150 * ms, 1'450 * ms, 30},
                               {1'199 * ms, 1'201 * ms, 2},
                               {900 * ms, 1'000 * ms, 1},
                               {9'000 * ms, 0, 5}},
                              series, 4);
  CHECK(lost == std::vector<std::uint64_t>{1, 32, 0, 5});
}

}  // namespace
}  // namespace issu::measure
