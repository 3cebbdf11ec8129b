#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "issu/base/clock.hpp"
#include "issu/report/ledger/ledger.hpp"
#include "tests/report/ledger/sample.hpp"
#include "tests/temp_dir.hpp"

namespace issu::ledger {
namespace {

/// Writes entries one after the other, saying each number that is on disk, until it is killed.
[[noreturn]] void write_on(const std::filesystem::path& file, int first, int said) {
  auto ledger = Ledger::open(file);
  for (int number = first; ledger; ++number) {
    if (!ledger->add({testing::entry(number), testing::entry(number + 1'000'000)}) ||
        ::write(said, &number, sizeof number) != sizeof number) {
      break;
    }
  }
  ::_exit(1);
}

/// A writer that was killed after so long; the last number that it said was on disk.
int killed_after(std::chrono::microseconds time, const std::filesystem::path& file, int first) {
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(pipe[0]);
    write_on(file, first, pipe[1]);
  }
  ::close(pipe[1]);
  sleep_for(time);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  int last = first - 1;
  while (::read(pipe[0], &last, sizeof last) == sizeof last) {
  }
  ::close(pipe[0]);
  return last;
}

std::string integrity(const std::filesystem::path& file) {
  auto database = Database::open(file);
  auto statement = database ? database->prepare("PRAGMA integrity_check")
                            : Result<Statement>(fail(std::move(database).error()));
  auto row = statement ? statement->step() : Result<bool>(fail(std::move(statement).error()));
  return row && *row ? statement->text(0) : "no answer";
}

TEST_CASE(
    "a writer that is killed at any moment leaves the ledger whole, with all it said was there") {
  const tests::TempDir dir;
  const auto file = dir / "sla.db";
  std::mt19937 random(20261127);  // the same moments each time, as far as a scheduler allows
  int next = 1;
  for (int kill = 0; kill < 100; ++kill) {
    CAPTURE(kill);
    if (kill % 20 == 10) {
      std::filesystem::remove(file);  // killed as it makes one
      std::filesystem::remove(file.string() + "-journal");
      next = 1;
    }
    const auto time = std::chrono::microseconds(300 + random() % 9'000);
    const int last = killed_after(time, file, next);
    REQUIRE(integrity(file) == "ok");
    auto ledger = Ledger::open(file);
    REQUIRE(ledger);
    const auto entries = ledger->entries("edge1");
    REQUIRE(entries);
    // Both of a transaction or none, all that was said, and at most the one that was not yet.
    REQUIRE(entries->size() % 2 == 0);
    const int there = static_cast<int>(entries->size() / 2);
    CHECK(there >= last);
    CHECK(there <= last + 1);
    next = there + 1;
  }
  MESSAGE("entries of two after the last kill: " << next - 1);
}

TEST_CASE("the check sees damage") {
  const tests::TempDir dir;
  const auto file = dir / "sla.db";
  {
    auto ledger = Ledger::open(file);
    for (int number = 0; number < 100; ++number) {
      REQUIRE(ledger->add({testing::entry(number)}));
    }
  }
  CHECK(integrity(file) == "ok");
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekp(static_cast<std::streamoff>(std::filesystem::file_size(file) / 2));
  bytes << std::string(5000, 'x') << std::flush;
  CHECK(integrity(file) != "ok");
}

}  // namespace
}  // namespace issu::ledger
