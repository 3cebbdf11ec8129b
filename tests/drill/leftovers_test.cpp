#include "issu/drill/leftovers.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <fstream>

#include "issu/base/child.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;
using namespace issu::drill;

TEST_CASE("what came and what went, each by its kind") {
  const Machine before{{"mount", {"/a", "/b"}}, {"process", {"bgpd", "bgpd"}}};
  const Machine after{{"mount", {"/a"}}, {"process", {"bgpd", "bgpd", "bgpd"}}, {"file", {"/x"}}};
  CHECK(differences(before, after) ==
        std::vector<std::string>{"+ file /x", "+ process bgpd", "- mount /b"});
  CHECK(differences(before, before).empty());
}

TEST_CASE("numbers do not count, how many there are does") {
  CHECK(without_numbers("/run/x-4711/slot1.pid") == "/run/x-N/slotN.pid");
  CHECK(differences({{"file", {without_numbers("a1")}}}, {{"file", {without_numbers("a2")}}})
            .empty());
}

TEST_CASE("a file and a process that stay behind are seen") {
  const tests::TempDir folder;
  Territory territory;
  territory.id = folder.path().filename().string();
  territory.folders = {folder.path()};
  const Machine before = look_around(territory);
  std::ofstream(folder / "left") << "x";
  SpawnOptions options;
  auto process = spawn_detached({"sleep", "30.0" + std::to_string(getpid())}, options);
  REQUIRE(process);
  auto marked = spawn_detached({"tail", "-f", (folder / "left").string()}, options);
  REQUIRE(marked);
  const auto lines = differences(before, look_around(territory));
  CHECK(end_process(*process, std::chrono::seconds(1)));
  CHECK(end_process(*marked, std::chrono::seconds(1)));
  bool file = false;
  bool tail = false;
  bool other = false;
  for (const std::string& line : lines) {
    file = file || (line.starts_with("+ file ") && line.ends_with("/left"));
    tail = tail || line.starts_with("+ process tail ");
    other = other || line.starts_with("+ process sleep ");
  }
  CHECK(file);
  CHECK(tail);
  CHECK_FALSE(other);
}

TEST_CASE("memory counts where it grew by more than a quarter and 8 MiB") {
  Machine before;
  Machine after;
  before["memory"] = {"bgpd -A 100000", "zebra 50000"};
  after["memory"] = {"bgpd -A 133000", "zebra 50001", "gone-before 900000"};
  CHECK(differences(before, after).empty());
  after["memory"] = {"bgpd -A 134000", "zebra 20000"};
  const auto lines = differences(before, after);
  REQUIRE(lines.size() == 1);
  CHECK(lines.front().find("bgpd") != std::string::npos);
  CHECK(lines.front().find("100000 before") != std::string::npos);
}
