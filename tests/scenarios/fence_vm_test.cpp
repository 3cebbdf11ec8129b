// The old side is a virtual machine that stands still while another one has its ports, and goes on
// though nobody who knows of it said so.

#include "backends/npu/soft/soft_npu.hpp"
#include "backends/vm/hypervisor.hpp"
#include "backends/vm/vm.hpp"
#include "tests/scenarios/fence_lab.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::backends;
using namespace issu::tests;

TEST_CASE("a paused machine that somebody lets go on reaches neither the NPU nor a neighbour") {
  if (const std::string why = missing("frr-vm-bookworm"); !why.empty()) {
    ISSU_SKIP(why);
  }
  constexpr std::uint64_t epoch = 10;
  FenceLab lab(lab_text("frr-vm-bookworm", "backend = \"vm\"\nengine = \"packet\"\n"));
  lab.rp = make_vm(lab.config->router).value();
  lab.npu = make_soft_npu(lab.config->router).value();
  lab.boot_other(Slot::a);
  FENCE_OK(lab.rp->warm(Slot::b));
  FENCE_OK(lab.npu->watch());
  FENCE_OK(lab.npu->hold(epoch));
  FENCE_OK(lab.rp->pause(Slot::a));
  FENCE_OK(lab.npu->punt_to(epoch, Slot::b));
  FENCE_OK(lab.rp->activate(Slot::b));
  lab.converge(Slot::b);
  Evidence evidence(lab);

  // Not `resume` of the port, which would plug its links in: as a person would at the hypervisor.
  auto hypervisor = vm::Hypervisor::open({.uri = {},
                                          .root = lab.config->router.run_dir / "vm",
                                          .netns = NetNs::path_of(lab.config->router.npu_netns())});
  FENCE_OK(hypervisor);
  FENCE_OK(hypervisor->resume("issu-" + lab.config->router.name + "-a"));
  sleep_for(awake * 2);

  CHECK_FALSE(lab.rp->status(Slot::a).value().paused);
  CHECK(lab.rp->status(Slot::a).value().power == SlotPower::warm);
  evidence.check_unchanged(epoch, 400);
  FENCE_OK(lab.npu->release());
  for (const Slot slot : {Slot::a, Slot::b}) {
    FENCE_OK(lab.rp->power_off(slot));
  }
}
