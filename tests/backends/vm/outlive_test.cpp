// A machine outlives the process that started it.

#include <sys/wait.h>
#include <unistd.h>

#include "tests/backends/vm/guest_lab.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::backends::vm;
using namespace issu::testing;

TEST_CASE("a machine lives on when who started it is gone, and is found again") {
  if (!missing().empty()) {
    ISSU_SKIP(missing());
  }
  GuestLab lab;
  (void)root();  // the same for both
  // Before this process has touched libvirt: its driver would be in the child without its threads.
  const pid_t starter = ::fork();
  if (starter == 0) {
    lab.connect();
    ::_exit(lab.hypervisor->start(lab.domain) ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(starter, &status, 0) == starter);
  REQUIRE(status == 0);
  lab.connect();
  CHECK(*lab.hypervisor->power(lab.domain.name) == Power::running);
  GuestAgent agent(*lab.hypervisor, lab.domain.name);
  const auto up = agent.wait(boots_within);
  CHECK_MESSAGE(up, up.error().message() << lab.serial());
}
