#include "issu/base/child.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "issu/base/clock.hpp"
#include "temp_dir.hpp"

using issu::run;
using issu::run_checked;
using issu::RunOptions;

TEST_CASE("what a program says and how it ends") {
  const auto output = run({"sh", "-c", "echo out; echo err >&2; exit 7"});
  REQUIRE(output.has_value());
  CHECK(output->out == "out\n");
  CHECK(output->err == "err\n");
  CHECK(output->status == 7);
  const auto killed = run({"sh", "-c", "kill -9 $$"});
  REQUIRE(killed.has_value());
  CHECK(killed->status == 128 + 9);
}

TEST_CASE("arguments are no shell's words") {
  CHECK(run({"echo", "-n", "a b; $HOME `id` *"})->out == "a b; $HOME `id` *");
}

TEST_CASE("a program that is not there, or can't be run, is an error with its name") {
  const auto none = run({"issu-no-such-program"});
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().message().find("starting issu-no-such-program: No such file") !=
        std::string::npos);
  CHECK_FALSE(run({"/etc/passwd"}).has_value());
  CHECK_FALSE(run({}).has_value());
  CHECK_FALSE(run({"true"}, {.folder = "/nowhere"}).has_value());
  CHECK_FALSE(run({"true"}, {.netns = "/run/netns/issu-none"}).has_value());
}

TEST_CASE("a pipe's worth and more goes in and comes out") {
  const std::string big(8U << 20U, 'x');
  RunOptions options;
  options.input = big;
  const auto output = run({"cat"}, options);
  REQUIRE(output.has_value());
  CHECK(output->out.size() == big.size());
  CHECK(output->out == big);
  // A program that reads nothing of it ends well all the same.
  CHECK(run({"true"}, options)->status == 0);
  const auto both =
      run({"sh", "-c", "head -c 3000000 /dev/zero; head -c 2000000 /dev/zero >&2"}, {});
  REQUIRE(both.has_value());
  CHECK(both->out.size() == 3000000);
  CHECK(both->err.size() == 2000000);
}

TEST_CASE("a program that takes too long is killed") {
  RunOptions options;
  options.timeout = std::chrono::milliseconds(150);
  const issu::MonoNs before = issu::mono_now();
  const auto silent = run({"sleep", "60"}, options);
  REQUIRE_FALSE(silent.has_value());
  CHECK(silent.error().kind() == issu::ErrorKind::timeout);
  const auto talking = run({"yes"}, options);
  REQUIRE_FALSE(talking.has_value());
  CHECK(talking.error().kind() == issu::ErrorKind::timeout);
  const auto mute = run({"sh", "-c", "exec sleep 60 >&- 2>&-"}, options);
  REQUIRE_FALSE(mute.has_value());
  CHECK(mute.error().kind() == issu::ErrorKind::timeout);
  CHECK(issu::to_s(issu::mono_now() - before) < 5);
}

TEST_CASE("environment and folder") {
  const TempDir folder;
  RunOptions options;
  options.environment = {"ISSU_TEST=1", "HOME=/elsewhere"};
  options.folder = folder.path();
  CHECK(run({"sh", "-c", "echo $ISSU_TEST $HOME; pwd -P"}, options)->out ==
        "1 /elsewhere\n" + std::filesystem::canonical(folder.path()).string() + "\n");
}

TEST_CASE("run_checked quotes what a failed program said last") {
  CHECK(run_checked({"echo", "yes"}).value() == "yes\n");
  const auto failed = run_checked({"sh", "-c", "echo why >&2; exit 3"});
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().what() == "`sh -c echo why >&2; exit 3` ended with 3: why");
  const auto loud = run_checked({"sh", "-c", "yes | head -c 100000; echo last; exit 1"});
  REQUIRE_FALSE(loud.has_value());
  CHECK(loud.error().what().ends_with("last"));
  CHECK(loud.error().what().size() < 1000);
}
