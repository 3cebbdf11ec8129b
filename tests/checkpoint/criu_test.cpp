#include "checkpoint/criu.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "checkpoint/sandbox.hpp"
#include "issu/base/clock.hpp"
#include "tests/checkpoint/variable.hpp"
#include "tests/skip.hpp"

namespace fs = std::filesystem;
using issu::checkpoint::Sandbox;

namespace {

Sandbox::Step shell(const std::string& script, Sandbox::Victim afterwards) {
  return {"step", {"/bin/sh", "-c", script}, afterwards};
}

issu::Result<issu::checkpoint::SandboxOutcome> try_steps(std::vector<Sandbox::Step> steps,
                                                         int timeout_ms = 10000) {
  Sandbox sandbox;
  sandbox.steps = std::move(steps);
  return issu::checkpoint::run_in_sandbox(sandbox, std::chrono::milliseconds(timeout_ms));
}

fs::path program_that_says(const std::string& name, const std::string& script) {
  const fs::path folder =
      fs::temp_directory_path() / ("issu-criu-test-" + std::to_string(getpid()) + "-" + name);
  fs::create_directories(folder);
  std::ofstream(folder / "criu") << "#!/bin/sh\n" << script << "\n";
  fs::permissions(folder / "criu", fs::perms::owner_all);
  return folder / "criu";
}

}  // namespace

TEST_CASE("the version is read, and words that are none are not taken for one") {
  const auto good = program_that_says("good", "echo 'Version: 4.2.1'; echo 'GitID: v4.2.1'");
  CHECK(issu::checkpoint::criu_version(good).value() == "4.2.1");
  const auto odd = program_that_says("odd", "echo hello world");
  CHECK_FALSE(issu::checkpoint::criu_version(odd).has_value());
  CHECK_FALSE(issu::checkpoint::criu_version("/nowhere/criu").has_value());
  fs::remove_all(good.parent_path());
  fs::remove_all(odd.parent_path());
}

TEST_CASE("a check that fails quotes the reason, not the harmless line") {
  const auto program = program_that_says(
      "bad",
      "echo 'Error (criu/util.c:1): rlimit: RLIMIT_NOFILE' >&2; echo 'Error (vdso.c:2): no' >&2; "
      "exit 1");
  const auto checked = issu::checkpoint::criu_check(program);
  fs::remove_all(program.parent_path());
  REQUIRE_FALSE(checked.has_value());
  CHECK(checked.error().what().find("(vdso.c:2): no") != std::string::npos);
  CHECK(checked.error().what().find("RLIMIT") == std::string::npos);
}

TEST_CASE("the set-up's CRIU goes before that of PATH, which passed its check as well") {
  const std::string says = "[ \"$1\" = check ] || echo 'Version: ";
  const auto old = program_that_says("path", says + "4.1.1'");
  const fs::path prefix =
      fs::temp_directory_path() / ("issu-criu-test-" + std::to_string(getpid()));
  fs::create_directories(prefix);
  const auto fetched = program_that_says("fetched", says + "4.2.1'");
  fs::create_directory_symlink(fetched.parent_path(), prefix / "bin");
  {
    const issu::tests::Variable path("PATH", old.parent_path().string());
    const issu::tests::Variable place("ISSU_CRIU_PREFIX", prefix.string());
    const auto criu = issu::checkpoint::locate_criu();
    REQUIRE(criu.has_value());
    CHECK(criu->version == "4.2.1");
    CHECK(criu->program == prefix / "bin/criu");
  }
  const issu::tests::Variable path("PATH", old.parent_path().string());
  const issu::tests::Variable place("ISSU_CRIU_PREFIX", "/nowhere");
  CHECK(issu::checkpoint::locate_criu()->version == "4.1.1");
  fs::remove_all(prefix);
  fs::remove_all(old.parent_path());
  fs::remove_all(fetched.parent_path());
}

TEST_CASE("where no CRIU works, each is told with its reason and where to get one") {
  const auto old = program_that_says(
      "old",
      "[ \"$1\" = check ] || { echo 'Version: 3.17.1'; exit; }\n"
      "echo 'Error (vdso.c:381): vdso: Unexpected rt vDSO area bounds' >&2; exit 1");
  const issu::tests::Variable place("ISSU_CRIU_PREFIX", "/nowhere");
  const issu::tests::Variable path("PATH", old.parent_path().string());
  const auto criu = issu::checkpoint::locate_criu();
  fs::remove_all(old.parent_path());
  if (criu) {
    // The system's own, which works here, comes behind.
    CHECK(criu->program == "/usr/sbin/criu");
    return;
  }
  const std::string told = criu.error().message();
  CHECK(told.find(old.string() + " check` fails: ") != std::string::npos);
  CHECK(told.find("Unexpected rt vDSO area bounds") != std::string::npos);
  CHECK(told.find("scenarios/setup") != std::string::npos);
}

TEST_CASE("the sandbox holds its victim, tells which step failed, and ends in time") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed for namespaces");
  }
  const auto nothing = try_steps({shell("true", Sandbox::Victim::alive)});
  REQUIRE(nothing.has_value());
  CHECK(nothing->failed_step.empty());

  const auto failing = try_steps({shell("echo because; exit 7", Sandbox::Victim::alive)});
  REQUIRE(failing.has_value());
  CHECK(failing->failed_step == "step");
  CHECK(failing->reason == "ended with 7");
  CHECK(failing->log == "because\n");

  const auto not_dumped = try_steps({shell("true", Sandbox::Victim::gone)});
  REQUIRE(not_dumped.has_value());
  CHECK(not_dumped->failed_step == "step");

  const auto killed = try_steps({shell("kill -9 2; sleep 0.2", Sandbox::Victim::alive)});
  REQUIRE(killed.has_value());
  CHECK(killed->failed_step == "step");

  const issu::MonoNs before = issu::mono_now();
  const auto hanging = try_steps({shell("sleep 60", Sandbox::Victim::alive)}, 300);
  REQUIRE_FALSE(hanging.has_value());
  CHECK(hanging.error().kind() == issu::ErrorKind::timeout);
  CHECK(issu::to_s(issu::mono_now() - before) < 5);
}

TEST_CASE("a program that only says that it restored is found out") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed for namespaces");
  }
  const auto liar = program_that_says("liar", "[ \"$1\" != dump ] || kill -9 2; exit 0");
  const auto tried = issu::checkpoint::criu_self_test({liar, "0"});
  fs::remove_all(liar.parent_path());
  REQUIRE_FALSE(tried.has_value());
  CHECK(tried.error().what().find("can't restore") != std::string::npos);
}

TEST_CASE("the CRIU of this machine dumps and restores") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed for CRIU");
  }
  const auto criu = issu::checkpoint::locate_criu();
  if (!criu) {
    ISSU_SKIP(criu.error().message());
  }
  CHECK(criu->program.is_absolute());
  CHECK_FALSE(criu->version.empty());
  const auto tried = issu::checkpoint::criu_self_test(*criu);
  if (!tried) {
    FAIL(tried.error().message());
  }
  CHECK(issu::checkpoint::criu_path_variable(*criu).starts_with(
      "PATH=" + criu->program.parent_path().string() + ":"));
}
