// Real FRR in real guests.

#include "tests/backends/vm/vm_lab.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::backends;
using namespace issu::testing;

namespace {

const std::vector<std::string> both{"frr-vm-bookworm.qcow2", "frr-vm-trixie.qcow2"};

}  // namespace

TEST_CASE("the virtual machine backend with FRR") {
  if (const std::string missing = missing_images(both); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  VmLab lab;
  check_rp_contract(lab.contract());
}

TEST_CASE("a guest's daemons are asked over their channels, again and again") {
  if (const std::string missing = missing_images(both); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  VmLab lab;
  const RpContract contract = lab.contract();
  auto rp = lab.make();
  RP_OK(rp->stage(Slot::a, contract.payload));
  RP_OK(rp->boot(Slot::a));
  for (int life = 0; life < 2; ++life) {
    RP_OK(rp->activate(Slot::a));
    for (int time = 0; time < 3; ++time) {
      const auto view = rp->control_plane(Slot::a);
      REQUIRE(view);
      CHECK(view->answering);
      const auto routes = rp->routes(Slot::a);
      REQUIRE(routes);
      REQUIRE(*routes);
      CHECK((*routes)->size() == 1);
    }
    // The relay lets go of a daemon that has ended, and finds the next one.
    RP_OK(rp->fence(Slot::a));
  }
  // A guest agent that is silent for a while is neither a silent daemon nor a slot that is down.
  RP_OK(rp->activate(Slot::a));
  REQUIRE(lab.in_guest(Slot::a, {"sh", "-c",
                                 "(sleep 1; a=$(pidof qemu-ga); kill -STOP $a; sleep 50; "
                                 "kill -CONT $a) </dev/null >/dev/null 2>&1 &"}));
  sleep_for(std::chrono::seconds(3));
  const auto view = rp->control_plane(Slot::a);
  REQUIRE_MESSAGE(view, view.error().message());
  CHECK(view->answering);
  const auto routes = rp->routes(Slot::a);
  REQUIRE_FALSE(routes);
  CHECK(routes.error().message().find("its guest agent does not answer") != std::string::npos);
}
