#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "issu/base/clock.hpp"
#include "tests/backends/lxc/lxc_lab.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::backends;
using namespace issu::testing;

namespace {

/// Runs the verbs in a process of its own and kills it after a while.
void kill_in_the_middle(const LxcLab& lab, const RpContract& contract, int milliseconds) {
  const pid_t pid = fork();
  if (pid == 0) {
    auto rp = lab.make();
    if (rp->stage(Slot::a, contract.payload) && rp->boot(Slot::a) && rp->activate(Slot::a)) {
      static_cast<void>(rp->fence(Slot::a));
      static_cast<void>(rp->power_off(Slot::a));
      static_cast<void>(rp->unstage(Slot::a));
    }
    _exit(0);
  }
  REQUIRE(pid > 0);
  sleep_for(std::chrono::milliseconds(milliseconds));
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

}  // namespace

TEST_CASE("a caller that is killed in the middle of a verb leaves what the next one repairs") {
  LxcLab lab("frr");
  if (!lab.missing().empty()) {
    ISSU_SKIP(lab.missing());
  }
  const RpContract contract = lab.contract();
  for (const int milliseconds : {1, 4, 10, 20, 35, 50, 70, 90, 120, 180, 400, 800}) {
    CAPTURE(milliseconds);
    kill_in_the_middle(lab, contract, milliseconds);
    auto rp = lab.make();
    RP_OK(rp->stage(Slot::a, contract.payload));
    RP_OK(rp->boot(Slot::a));
    RP_OK(rp->activate(Slot::a));
    CHECK(rp->control_plane(Slot::a)->answering);
    const auto daemons = daemons_of(*rp, Slot::a);
    RP_OK(rp->fence(Slot::a));
    CHECK_FALSE(any_alive(daemons));
    RP_OK(rp->power_off(Slot::a));
    RP_OK(rp->unstage(Slot::a));
    rp_left_nothing(contract);
  }
}
