#include "issu/base/capabilities.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "temp_dir.hpp"

using issu::Argv;
using issu::run_checked;
using issu::RunOptions;

namespace {

/// A set of /proc/PID/status ("CapEff").
std::uint64_t set_of(const std::string& status, const std::string& name) {
  const auto at = status.find("\n" + name + ":");
  REQUIRE(at != std::string::npos);
  return std::strtoull(status.c_str() + at + name.size() + 2, nullptr, 16);
}

bool has(std::uint64_t set, unsigned capability) {
  return (set >> capability & 1U) != 0;
}

/// In a process of its own: what is given up is gone.
bool holds_in_child(const std::function<bool()>& check) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::_exit(check() ? 0 : 1);
  }
  int status = 1;
  ::waitpid(pid, &status, 0);
  return status == 0;
}

const Argv status_of_itself{"cat", "/proc/self/status"};

}  // namespace

TEST_CASE("a powerless program can't do what root can, and never will") {
  RunOptions options;
  options.powerless = true;
  const auto status = run_checked(status_of_itself, options);
  REQUIRE(status);
  constexpr std::uint64_t reading = 1U << CAP_DAC_READ_SEARCH;
  CHECK((set_of(*status, "CapEff") & ~reading) == 0);
  CHECK((set_of(*status, "CapPrm") & ~reading) == 0);
  CHECK(set_of(*status, "CapInh") == 0);
  CHECK(status->find("\nNoNewPrivs:\t1") != std::string::npos);
  CHECK_FALSE(run_checked({"chroot", "/", "true"}, options));
}

TEST_CASE("a program reads and writes the files that it is given") {
  const TempDir dir;
  REQUIRE(issu::write_file_atomic(dir / "in", "what is in it"));
  const issu::Fd in(::open((dir / "in").c_str(), O_RDONLY | O_CLOEXEC));
  const issu::Fd out(::open((dir / "out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  RunOptions options;
  options.stdin_file = &in;
  options.stdout_file = &out;
  options.powerless = true;
  const auto said = run_checked({"cat"}, options);
  REQUIRE(said);
  CHECK(said->empty());
  CHECK(*issu::read_file(dir / "out") == "what is in it");
}

TEST_CASE("the coordinator keeps what it needs; what it starts has what root has") {
  const auto before = issu::read_file("/proc/self/status");
  REQUIRE(before);
  const std::uint64_t had = set_of(*before, "CapEff");
  CHECK(holds_in_child([&] {
    issu::give_up_for_coordinator();
    const auto after = issu::read_file("/proc/self/status");
    const std::uint64_t has_now = after ? set_of(*after, "CapEff") : ~std::uint64_t{0};
    bool good = (has_now & ~had) == 0;
    for (const unsigned gone : {CAP_SYS_TIME, CAP_SYS_RAWIO, CAP_SYS_MODULE, CAP_SYS_BOOT}) {
      good = good && !has(has_now, gone);
    }
    for (const unsigned kept : {CAP_SYS_ADMIN, CAP_NET_ADMIN, CAP_SYS_PTRACE, CAP_MKNOD}) {
      good = good && has(has_now, kept) == has(had, kept);
    }
    // Not of an ordinary user's: what such a one starts has nothing either.
    const auto child = run_checked(status_of_itself);
    return good && child && set_of(*child, "CapEff") == had;
  }));
}

TEST_CASE("no core dump of the coordinator") {
  const auto status = issu::read_file("/proc/self/status");
  REQUIRE(status);
  if (!has(set_of(*status, "CapEff"), CAP_SYS_PTRACE)) {
    MESSAGE("skipped: without CAP_SYS_PTRACE the coordinator stays as it is");
    return;
  }
  CHECK(holds_in_child([] {
    issu::give_up_for_coordinator();

    return ::prctl(PR_GET_DUMPABLE) == 0;
  }));
}
