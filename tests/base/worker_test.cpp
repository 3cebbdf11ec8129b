#include "issu/base/worker.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "temp_dir.hpp"

namespace issu {
namespace {

constexpr auto long_enough = std::chrono::seconds(20);

int wait_for_ever() {
  for (;;) {
    ::pause();
  }
}

TEST_CASE("a worker's result is its exit code") {
  auto worker = Worker::start([] { return 4; });
  REQUIRE(worker);
  CHECK(worker->wait(long_enough) == 4);
  CHECK(worker->wait(long_enough) == 4);
}

TEST_CASE("a worker that waits for ever, or is stopped, ends when it is killed") {
  for (const bool stopped : {false, true}) {
    auto worker = Worker::start(wait_for_ever);
    REQUIRE(worker);
    if (stopped) {
      REQUIRE(::kill(worker->pid(), SIGSTOP) == 0);
    }
    CHECK(!worker->wait(std::chrono::milliseconds(20)));
    CHECK(worker->kill(long_enough));
    CHECK(worker->wait(long_enough) == 128 + SIGKILL);
  }
}

TEST_CASE("a worker ends with the process that started it, and what it runs with it") {
  const TempDir dir;
  const auto pids = dir / "pids";
  auto outer = Worker::start([&] {
    auto inner = Worker::start([&] {
      const auto said = write_file_atomic(pids, std::to_string(::getpid()));
      return said && run({"sleep", "1000"}) ? 0 : 1;
    });
    return inner->wait(long_enough).value_or(1);
  });
  REQUIRE(outer);
  ProcessId inner;
  ProcessId program;
  const auto both_run = [&] {
    inner = identify(std::atoi(read_file(pids).value_or("0").c_str()));
    const auto children = read_file("/proc/" + std::to_string(inner.pid) + "/task/" +
                                    std::to_string(inner.pid) + "/children");
    program = identify(std::atoi(children.value_or("0").c_str()));
    return is_alive(inner) && is_alive(program);
  };
  REQUIRE(wait_until(both_run, Deadline::in(long_enough)));
  CHECK(outer->kill(long_enough));
  CHECK(wait_until([&] { return !is_alive(inner) && !is_alive(program); },
                   Deadline::in(long_enough)));
}

}  // namespace
}  // namespace issu
