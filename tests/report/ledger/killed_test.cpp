#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <random>

#include "issu/base/clock.hpp"
#include "issu/report/ledger/ledger.hpp"
#include "tests/report/ledger/sample.hpp"
#include "tests/temp_dir.hpp"

namespace issu::ledger {
namespace {

std::string integrity(const std::filesystem::path& file) {
  auto database = Database::open(file);
  auto statement = database ? database->prepare("PRAGMA integrity_check")
                            : Result<Statement>(fail(std::move(database).error()));
  auto row = statement ? statement->step() : Result<bool>(fail(std::move(statement).error()));
  return row && *row ? statement->text(0) : "no answer";
}

/// Whole transactions that are in the file, each of two entries.
int transactions_in(const std::filesystem::path& file) {
  REQUIRE(integrity(file) == "ok");
  auto ledger = Ledger::open(file);
  REQUIRE(ledger);
  const auto entries = ledger->entries("edge1");
  REQUIRE(entries);
  REQUIRE(entries->size() % 2 == 0);  // both of a transaction or none
  return static_cast<int>(entries->size() / 2);
}

Result<void> write_one(Ledger& ledger, int number) {
  return ledger.add({testing::entry(number), testing::entry(number + 1'000'000)});
}

// What SQLite asks of the kernel in a process that is to be killed: each call is counted, and the
// one whose turn has come kills, or writes half of what it was given and kills then.
int calls_left = 0;
bool torn = false;
void count() {
  if (--calls_left == 0) {
    ::raise(SIGKILL);
  }
}
ssize_t write_at(int fd, const void* bytes, std::size_t size, off_t at) {
  if (torn && calls_left == 1) {
    (void)!::pwrite(fd, bytes, size / 2, at);
  }
  count();
  return ::pwrite(fd, bytes, size, at);
}
int cut(int fd, off_t size) {
  count();
  return ::ftruncate(fd, size);
}
int take_away(const char* path) {
  count();
  return ::unlink(path);
}
int open_file(const char* path, int flags, int mode) {
  count();
  return ::open(path, flags, mode);
}

void count_calls() {
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  const auto set = [&](const char* name, auto call) {
    vfs->xSetSystemCall(vfs, name, reinterpret_cast<sqlite3_syscall_ptr>(call));
  };
  set("pwrite", &write_at);
  set("pwrite64", &write_at);
  set("ftruncate", &cut);
  set("unlink", &take_away);
  set("open", &open_file);
}

/// Runs `work` in a child; whether it was killed.
bool killed(const std::function<void()>& work) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    work();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status);
}

TEST_CASE(
    "killed before any call to the kernel, or in the middle of a write: whole, all or nothing") {
  const tests::TempDir dir;
  {
    std::vector<Entry> entries;
    for (int number = 0; number < 60; ++number) {
      entries.push_back(testing::entry(2'000'000 + number));
    }
    REQUIRE(Ledger::open(dir / "before.db")->add(entries));
  }
  for (const bool in_the_middle : {false, true}) {
    for (const int before : {0, 30}) {  // a ledger that is made, and one that is there
      int call = 1;
      for (bool was_killed = true; was_killed; ++call) {
        CAPTURE(in_the_middle);
        CAPTURE(before);
        CAPTURE(call);
        const auto file = dir / ("sla-" + std::to_string(call) + ".db");
        if (before != 0) {
          std::filesystem::copy_file(dir / "before.db", file);
        }
        was_killed = killed([&] {
          calls_left = call;
          torn = in_the_middle;
          count_calls();
          auto ledger = Ledger::open(file);
          (void)write_one(*ledger, 1);
        });
        if (before != 0) {
          const auto seen = Ledger::open_to_read(file);  // the first to come after the kill
          REQUIRE(seen);
          CHECK(seen->entries("edge1")->size() >= 60);
        }
        const int there = transactions_in(file) - before;
        CHECK(there >= (was_killed ? 0 : 1));
        CHECK(there <= 1);
        std::filesystem::remove(file);
        std::filesystem::remove(file.string() + "-journal");
        REQUIRE(call < 200);
      }
      CHECK(call > 8);  // it was killed at so many places
      MESSAGE("killed at " << call - 2 << " places");
    }
  }
}

/// Writes entries one after the other, saying each number that is on disk, until it is killed.
[[noreturn]] void write_on(const std::filesystem::path& file, int first, int said) {
  auto ledger = Ledger::open(file);
  for (int number = first; ledger; ++number) {
    if (!write_one(*ledger, number) || ::write(said, &number, sizeof number) != sizeof number) {
      break;
    }
  }
  ::_exit(1);
}

/// A writer that was killed so long after the first number that it said; the last one.
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
  int last = 0;
  REQUIRE(::read(pipe[0], &last, sizeof last) == sizeof last);
  sleep_for(time);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  while (::read(pipe[0], &last, sizeof last) == sizeof last) {
  }
  ::close(pipe[0]);
  return last;
}

TEST_CASE("killed at any other moment: all that it said was on disk is there") {
  const tests::TempDir dir;
  const auto file = dir / "sla.db";
  std::mt19937 random(20261127);
  int next = 1;
  for (int kill = 0; kill < 25; ++kill) {
    CAPTURE(kill);
    const int last = killed_after(std::chrono::microseconds(random() % 4'000), file, next);
    const int there = transactions_in(file);
    CHECK(there >= last);
    CHECK(there <= last + 1);
    next = there + 1;
  }
  CHECK(next > 25);
}

TEST_CASE("the check sees damage") {
  const tests::TempDir dir;
  const auto file = dir / "sla.db";
  {
    auto ledger = Ledger::open(file);
    std::vector<Entry> entries;
    for (int number = 0; number < 100; ++number) {
      entries.push_back(testing::entry(number));
    }
    REQUIRE(ledger->add(entries));
  }
  CHECK(integrity(file) == "ok");
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekp(static_cast<std::streamoff>(std::filesystem::file_size(file) / 2));
  bytes << std::string(5000, 'x') << std::flush;
  CHECK(integrity(file) != "ok");
}

}  // namespace
}  // namespace issu::ledger
