#include "checkpoint/criu_hook.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "tests/temp_dir.hpp"

namespace {

using namespace issu;
using checkpoint::CriuHook;
namespace fs = std::filesystem;

/// What stands in for the real CRIU: writes its words into a file.
fs::path real_criu(const fs::path& folder) {
  fs::create_directories(folder);
  std::ofstream(folder / "criu") << "#!/bin/sh\necho \"$@\" > " << (folder / "words").string()
                                 << "\n";
  fs::permissions(folder / "criu", fs::perms::owner_all);
  return folder;
}

/// The hook's program started as CRIU or liblxc would.
pid_t start(const CriuHook& hook, const fs::path& folder, const std::string& action,
            const std::vector<std::string>& words = {}) {
  const auto environment =
      hook.environment("PATH=" + (folder / "real").string() + ":/usr/bin:/bin", "9.8.7");
  const pid_t child = ::fork();
  if (child == 0) {
    for (const auto& variable : environment) {
      ::putenv(::strdup(variable.c_str()));
    }
    if (!action.empty()) {
      ::setenv("CRTOOLS_SCRIPT_ACTION", action.c_str(), 1);
    }
    std::vector<char*> argv{::strdup("criu")};
    for (const auto& word : words) {
      argv.push_back(::strdup(word.c_str()));
    }
    argv.push_back(nullptr);
    ::execvp("criu", argv.data());
    ::_exit(99);
  }
  return child;
}

Deadline soon() {
  return Deadline::in(std::chrono::seconds(20));
}

int end_of(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("before the freeze CRIU asks, and goes on when it was answered") {
  tests::TempDir dir;
  auto hook = CriuHook::open(dir.path() / "hook");
  REQUIRE(hook);
  CHECK(CriuHook::option(dir.path() / "hook") ==
        "action-script " + (dir.path() / "hook/criu").string() + "\n");
  int asked = 0;
  const pid_t child = start(*hook, dir.path(), "pre-dump");
  CHECK(hook->serve(child, soon(), [&]() -> Result<void> {
    ++asked;
    return {};
  }));
  CHECK(asked == 1);
  CHECK(end_of(child) == 0);
}

TEST_CASE("an error of ours makes CRIU give up, and is told") {
  tests::TempDir dir;
  auto hook = CriuHook::open(dir.path() / "hook");
  REQUIRE(hook);
  const pid_t child = start(*hook, dir.path(), "pre-dump");
  const auto served =
      hook->serve(child, soon(), []() -> Result<void> { return fail("a full socket"); });
  REQUIRE_FALSE(served);
  CHECK(served.error().what() == "a full socket");
  CHECK(end_of(child) == 1);
}

TEST_CASE("whoever does not end is not waited for beyond the deadline") {
  tests::TempDir dir;
  auto hook = CriuHook::open(dir.path() / "hook");
  REQUIRE(hook);
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const auto served = hook->serve(child, Deadline::in(std::chrono::milliseconds(20)),
                                  []() -> Result<void> { return fail("asked"); });
  REQUIRE_FALSE(served);
  CHECK(served.error().kind() == ErrorKind::timeout);
  CHECK(::kill(child, SIGKILL) == 0);  // still there
  CHECK(end_of(child) == -1);
}

TEST_CASE("nobody is asked at other moments") {
  tests::TempDir dir;
  auto hook = CriuHook::open(dir.path() / "hook");
  REQUIRE(hook);
  const pid_t child = start(*hook, dir.path(), "network-lock");
  CHECK(hook->serve(child, soon(), []() -> Result<void> { return fail("asked"); }));
  CHECK(end_of(child) == 0);
}

TEST_CASE("CRIU gives up when whoever is to be asked has gone") {
  tests::TempDir dir;
  auto hook = CriuHook::open(dir.path() / "hook");
  REQUIRE(hook);
  const auto folder = dir.path() / "hook";
  const auto program = fs::read_symlink(folder / "criu");
  const auto socket = folder / "ask";
  { const CriuHook gone = std::move(*hook); }
  CHECK_FALSE(fs::exists(folder));
  RunOptions options;
  options.environment = {"CRTOOLS_SCRIPT_ACTION=pre-dump", "ISSU_CRIU_SOCKET=" + socket.string()};
  const auto said = run({program.string()}, options);
  REQUIRE(said);
  CHECK(said->status == 1);
}

TEST_CASE("called in CRIU's place it leaves the freezer out, and nothing else") {
  tests::TempDir dir;
  const auto real = real_criu(dir.path() / "real");
  auto hook = CriuHook::open(dir.path() / "hook");
  REQUIRE(hook);
  const pid_t child = start(*hook, dir.path(), "",
                            {"dump", "-t", "12", "--freeze-cgroup", "/sys/fs/cgroup/x", "-s"});
  CHECK(end_of(child) == 0);
  CHECK(read_file(real / "words").value_or("") == "dump -t 12 -s\n");
}

TEST_CASE("nobody starts CRIU for its version") {
  tests::TempDir dir;
  const auto real = real_criu(dir.path() / "real");
  auto hook = CriuHook::open(dir.path() / "hook");
  REQUIRE(hook);
  RunOptions options;
  options.environment = hook->environment("PATH=" + real.string() + ":/usr/bin:/bin", "9.8.7");
  const auto said = run({(dir.path() / "hook/criu").string(), "--version"}, options);
  REQUIRE(said);
  CHECK(said->out == "Version: 9.8.7\n");
  CHECK_FALSE(fs::exists(real / "words"));
  // Not known: CRIU says it itself.
  options.environment = hook->environment("PATH=" + real.string() + ":/usr/bin:/bin", "");
  REQUIRE(run({(dir.path() / "hook/criu").string(), "--version"}, options));
  CHECK(read_file(real / "words").value_or("") == "--version\n");
}

TEST_CASE("a path that is too long for a socket is refused") {
  tests::TempDir dir;
  const auto hook = CriuHook::open(dir.path() / std::string(120, 'x'));
  REQUIRE_FALSE(hook);
  CHECK(hook.error().what().find("too long for a socket") != std::string::npos);
}
