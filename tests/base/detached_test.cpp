#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"
#include "temp_dir.hpp"

using issu::ProcessId;

namespace {

/// Field `number` of /proc/PID/stat, counted as in proc(5), from 3 on.
std::string stat_field(pid_t pid, int number) {
  const auto text = issu::read_file("/proc/" + std::to_string(pid) + "/stat").value_or("");
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string field;
  for (int at = 3; at <= number; ++at) {
    fields >> field;
  }
  return field;
}

}  // namespace

TEST_CASE("a detached process has its own session and lives on when its parent ends") {
  const TempDir folder;
  const auto told = folder / "pid";
  const pid_t parent = fork();
  if (parent == 0) {
    const auto process = issu::spawn_detached({"sleep", "60"});
    const bool written =
        process && issu::write_file_atomic(told, std::to_string(process->pid) + " " +
                                                     std::to_string(process->start_ticks))
                       .has_value();
    _exit(written ? 0 : 1);
  }
  int status = -1;
  waitpid(parent, &status, 0);
  REQUIRE(status == 0);
  ProcessId process;
  std::istringstream(issu::read_file(told).value()) >> process.pid >> process.start_ticks;
  CHECK(issu::is_alive(process));
  CHECK(stat_field(process.pid, 6) != stat_field(getpid(), 6));
  CHECK(stat_field(process.pid, 7) == "0");  // no terminal
  CHECK(issu::end_process(process, std::chrono::seconds(5)).has_value());
  CHECK_FALSE(issu::is_alive(process));
}

TEST_CASE("what a detached process says goes to its log, appended") {
  const TempDir folder;
  issu::SpawnOptions options;
  options.log = folder / "log";
  REQUIRE(issu::write_file_atomic(options.log, "before\n"));
  options.environment = {"ISSU_TEST=word"};
  const auto process = issu::spawn_detached({"sh", "-c", "echo $ISSU_TEST; echo err >&2"}, options);
  REQUIRE(process.has_value());
  CHECK(issu::wait_until([&] { return !issu::is_alive(*process); },
                         issu::Deadline::in(std::chrono::seconds(5))));
  CHECK(issu::read_file(options.log).value() == "before\nword\nerr\n");
}

TEST_CASE("a program that can't be started is told at once") {
  const auto none = issu::spawn_detached({"issu-no-such-program"});
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().message().find("No such file") != std::string::npos);
  CHECK_FALSE(issu::spawn_detached({"true"}, {.log = "/nowhere/log"}).has_value());
}

TEST_CASE("a reused pid is another process, and gets no signal") {
  const auto process = issu::spawn_detached({"sleep", "60"});
  REQUIRE(process.has_value());
  ProcessId earlier = *process;
  earlier.start_ticks -= 1;  // as if this pid had belonged to somebody before
  CHECK_FALSE(issu::is_alive(earlier));
  CHECK(issu::send_signal(earlier, SIGKILL).has_value());
  CHECK(issu::end_process(earlier, std::chrono::milliseconds(50)).has_value());
  CHECK(issu::is_alive(*process));
  CHECK(issu::end_process(*process, std::chrono::seconds(5)).has_value());
  CHECK_FALSE(issu::is_alive(*process));
  CHECK(issu::end_process(*process, std::chrono::seconds(5)).has_value());
}

TEST_CASE("nobody is alive under no pid; a zombie is not alive") {
  CHECK_FALSE(issu::is_alive({}));
  CHECK(issu::is_alive(issu::identify(getpid())));
  const pid_t pid = fork();
  if (pid == 0) {
    _exit(0);
  }
  const auto ended = [pid] { return stat_field(pid, 3) == "Z"; };
  REQUIRE(issu::wait_until(ended, issu::Deadline::in(std::chrono::seconds(5))));
  CHECK_FALSE(issu::is_alive(issu::identify(pid)));
  waitpid(pid, nullptr, 0);
}

TEST_CASE("one that ignores SIGTERM gets SIGKILL after the grace") {
  const TempDir folder;
  const auto ready = folder / "ready";
  const auto process = issu::spawn_detached(
      {"sh", "-c", "trap '' TERM; : > " + ready.string() + "; while :; do sleep 0.05; done"});
  REQUIRE(process.has_value());
  REQUIRE(issu::wait_until([&] { return std::filesystem::exists(ready); },
                           issu::Deadline::in(std::chrono::seconds(5))));
  const issu::MonoNs before = issu::mono_now();
  CHECK(issu::end_process(*process, std::chrono::milliseconds(200)).has_value());
  CHECK(issu::to_ms(issu::mono_now() - before) >= 200);
  CHECK_FALSE(issu::is_alive(*process));
}
