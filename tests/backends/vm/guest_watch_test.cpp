// The guests of a test that is killed end with it.

#include "tests/backends/vm/guest_watch.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "issu/base/clock.hpp"
#include "tests/backends/vm/guest_lab.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::testing;

TEST_CASE("the guest of a test that is killed ends, and its folder goes") {
  if (!missing().empty()) {
    ISSU_SKIP(missing());
  }
  // Neither this process nor what it forks has touched libvirt or the watch.
  std::string pattern = (std::filesystem::temp_directory_path() / "issu-watch-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  const std::filesystem::path folder = pattern;
  int said[2] = {-1, -1};
  REQUIRE(::pipe(said) == 0);
  const pid_t test = ::fork();
  if (test == 0) {
    guests_die_with_us(folder);
    backends::vm::Domain domain;
    domain.name = "guest";
    domain.disk = folder / "disk.qcow2";
    (void)run_checked({"qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b",
                       guest_base.string(), domain.disk.string()});
    auto opened = backends::vm::Hypervisor::open({.uri = {}, .root = folder / "lv", .netns = {}});
    const bool runs = opened && opened->start(domain);
    const char answer = runs ? 'y' : 'n';
    ::_exit(::write(said[1], &answer, 1) == 1 && runs ? ::pause() : 1);
  }
  ::close(said[1]);
  char answer = 0;
  REQUIRE(::read(said[0], &answer, 1) == 1);
  ::close(said[0]);
  CHECK(answer == 'y');
  CHECK(guests_in(folder).size() == 1);
  REQUIRE(::kill(test, SIGKILL) == 0);
  REQUIRE(::waitpid(test, nullptr, 0) == test);
  CHECK(wait_until([&] { return guests_in(folder).empty() && !std::filesystem::exists(folder); },
                   Deadline::in(std::chrono::seconds(20)), std::chrono::milliseconds(20)));
  for (const ProcessId& left : guests_in(folder)) {
    (void)end_process(left, std::chrono::milliseconds(0));
  }
}
