#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <regex>
#include <set>
#include <string>

#include "issu/base/file.hpp"
#include "tests/issu/matrix/guards.hpp"
#include "tests/issu/matrix/play.hpp"

namespace issu::tests {
namespace {

// The product's functions have no argument for it.
std::string removed;

/// Where the lack of a guard shows: this strategy's cells of one fault.
struct Shows {
  const char* guard;
  const char* strategy;
  Fault fault;
  const char* way_back = "cold";
};

constexpr std::array<Shows, 25> guards{{
    {"failure_goes_back", "restart", Fault::abort_asked},
    {"commit_is_not_taken_back", "restart", Fault::fails},
    {"commit_asks_a_person", "restart", Fault::killed},
    {"abort_ends_at_commit", "restart", Fault::abort_asked},
    {"attempts_end", "restart", Fault::killed},
    {"undo_attempts_end", "restart", Fault::second_fault},
    {"resume_begins_anew", "restart", Fault::second_fault},
    {"undone_is_not_undone_again", "restart", Fault::fails},
    {"done_is_not_done_again", "restart", Fault::killed},
    {"closed_stays_closed", "restart", Fault::killed},
    {"one_upgrade_at_a_time", "restart", Fault::killed},
    {"hanging_step_is_ended", "restart", Fault::hangs},
    {"sessions_are_waited_for", "restart", Fault::peer_down},
    {"lost_routes_are_not_swept", "restart", Fault::routes_missing},
    {"routes_are_held", "restart", Fault::killed},
    {"routes_are_kept", "restart", Fault::fails, "saved"},
    {"old_side_is_fenced", "restart", Fault::killed},
    {"new_side_is_fenced", "restart", Fault::fails},
    {"ports_move", "restart", Fault::killed},
    {"ports_come_back", "restart", Fault::fails},
    {"dead_side_is_started", "restart", Fault::new_side_gone},
    {"old_side_is_paused", "standby", Fault::killed},
    {"paused_side_is_fenced", "standby", Fault::fails},
    {"moved_machine_is_ended", "migrate", Fault::second_fault},
    {"restored_side_is_ended", "checkpoint", Fault::second_fault},
}};

/// Where a guard has shown itself, the rest of its cells are not needed.
constexpr std::size_t enough = 10;

Tally play_without(const Shows& shows, const char* guard) {
  remove_guard(guard);
  Extent extent;
  extent.only = shows.fault;
  extent.enough = enough;
  extent.disks = false;
  Tally tally;
  play_cells(**strategy_named(shows.strategy), shows.way_back, extent, tally);
  remove_guard("");
  return tally;
}

std::set<std::string> guards_in_the_product() {
  std::set<std::string> names;
  const std::regex guard(R"(ISSU_GUARD\((\w+),\s)");
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::string(ISSU_SOURCE_DIR) + "/issu")) {
    if (entry.path().extension() != ".cpp") {
      continue;
    }
    const std::string text = *read_file(entry.path());
    for (std::sregex_iterator at(text.begin(), text.end(), guard), end; at != end; ++at) {
      names.insert((*at)[1]);
    }
  }
  return names;
}

}  // namespace

bool is_removed(std::string_view guard) {
  return !removed.empty() && removed == guard;
}

void remove_guard(std::string_view guard) {
  removed = guard;
}

TEST_CASE("every guard of the product is taken away once") {
  std::set<std::string> here;
  for (const Shows& shows : guards) {
    here.insert(shows.guard);
  }
  CHECK(here == guards_in_the_product());
}

TEST_CASE("with any guard taken away the fault matrix finds violations") {
  for (const Shows& shows : guards) {
    CAPTURE(shows.guard);
    const Tally without = play_without(shows, shows.guard);
    std::printf("without %-30s %s%zu violations in %zu runs", shows.guard,
                without.violations >= enough ? ">= " : "", without.violations, without.runs);
    std::printf(", the first: %s\n",
                without.said.empty() ? "none" : without.said.front().substr(0, 150).c_str());
    CHECK(without.violations > 0);
  }
}

}  // namespace issu::tests
