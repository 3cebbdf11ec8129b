#include <doctest/doctest.h>

#include <string>

#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;

namespace {

/// Syncs files of the given names one after the other with the library loaded; gives back the exit
/// code and what was said. dd's conv=fsync and conv=fdatasync each sync once.
RunOutput sync_files(const tests::TempDir& folder, const std::string& order,
                     const std::string& names) {
  RunOptions options;
  options.folder = folder.path();
  options.environment = {std::string("LD_PRELOAD=") + ISSU_FAULT_LIBRARY, "ISSU_FAULT=" + order};
  return run({"sync", "-d", names}, options).value();
}

}  // namespace

TEST_CASE("the process dies after the sync that was named, not before it") {
  const tests::TempDir folder;
  REQUIRE(run_checked({"touch", (folder / "journal").string(), (folder / "other").string()}));
  CHECK(sync_files(folder, "kill-after-sync:journal:1", "journal").status == 128 + 9);
  CHECK(sync_files(folder, "kill-after-sync:journal:2", "journal").status == 0);
  CHECK(sync_files(folder, "kill-after-sync:journal:1", "other").status == 0);
  CHECK(sync_files(folder, "", "journal").status == 0);
  CHECK(sync_files(folder, "kill-after-sync:journal", "journal").status == 0);
}

TEST_CASE("the process hangs at the sync that was named, until it is ended") {
  const tests::TempDir folder;
  REQUIRE(run_checked({"touch", (folder / "journal").string()}));
  for (const char* order : {"hang-after-sync:journal:1", "hang-before-write:journal:1"}) {
    const bool writes = std::string(order).find("write") != std::string::npos;
    RunOptions options;
    options.folder = folder.path();
    options.timeout = std::chrono::milliseconds(300);
    options.environment = {std::string("LD_PRELOAD=") + ISSU_FAULT_LIBRARY,
                           std::string("ISSU_FAULT=") + order};
    const auto hung = writes ? run({"dd", "if=/dev/zero", "of=journal", "bs=1", "count=1"}, options)
                             : run({"sync", "-d", "journal"}, options);
    REQUIRE_FALSE(hung);
    CHECK(hung.error().kind() == ErrorKind::timeout);
  }
  CHECK(sync_files(folder, "hang-after-sync:journal:2", "journal").status == 0);
}

TEST_CASE("the wall clock of the process is an hour ahead after the sync") {
  const auto seen = [&](const std::string& order) {
    RunOptions options;
    options.environment = {std::string("LD_PRELOAD=") + ISSU_FAULT_LIBRARY, "ISSU_FAULT=" + order};
    return std::stoll(run_checked({"date", "+%s"}, options).value());
  };
  const std::int64_t now = wall_now() / 1'000'000'000;
  CHECK(seen("clock-after-sync:journal:1") - now < 60);     // nothing was synced yet
  CHECK(seen("clock-after-sync:journal:0") - now >= 3600);  // ahead from the beginning
  CHECK(seen("clock-after-sync:journal:0") - now < 3660);
}

TEST_CASE("what the process starts is not touched by it") {
  RunOptions options;
  options.environment = {std::string("LD_PRELOAD=") + ISSU_FAULT_LIBRARY,
                         "ISSU_FAULT=kill-after-sync:journal:1"};
  const auto said = run({"env", "env"}, options);
  REQUIRE(said);
  CHECK(said->status == 0);
  CHECK(said->out.find("LD_PRELOAD") == std::string::npos);
  CHECK(said->out.find("ISSU_FAULT") == std::string::npos);
}
