#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>

#include "tests/issu/matrix/play.hpp"

namespace issu {
namespace {

void play_strategy(const char* name, const char* way_back = "cold") {
  const auto strategy = strategy_named(name);
  REQUIRE(strategy);
  tests::Extent extent;
  extent.disks = ::geteuid() == 0;
  tests::Tally tally;
  tests::play_cells(**strategy, way_back, extent, tally);
  std::printf("%s, way back %s: %zu cells in %zu runs, %zu violations\n", name, way_back,
              tally.cells, tally.runs, tally.violations);
  for (const auto& [end, count] : tally.ends) {
    std::printf("  %zu %s\n", count, end.c_str());
  }
  if (!extent.disks) {
    std::printf("  skipped: the cells disk-full, only root can mount a small disk\n");
  }
  CHECK(tally.violations == 0);
  for (const std::string& each : tally.said) {
    FAIL_CHECK(each);
  }
  for (const std::string& cell : tally.idle) {
    FAIL_CHECK("nothing ever happened in the cell " << cell);
  }
}

TEST_CASE("the fault matrix of restart") {
  play_strategy("restart");
}
TEST_CASE("the fault matrix of restart with the old side saved") {
  play_strategy("restart", "saved");
}
TEST_CASE("the fault matrix of checkpoint") {
  play_strategy("checkpoint");
}
TEST_CASE("the fault matrix of standby") {
  play_strategy("standby");
}
TEST_CASE("the fault matrix of migrate") {
  play_strategy("migrate");
}
TEST_CASE("the fault matrix of snapshot") {
  play_strategy("snapshot");
}

}  // namespace
}  // namespace issu
