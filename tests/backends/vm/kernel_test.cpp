// The same disk on other kernels than its own, in real guests.

#include "issu/base/child.hpp"
#include "tests/backends/vm/vm_lab.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::backends;
using namespace issu::testing;

namespace {

const std::vector<std::string> needed{"frr-vm-bookworm.qcow2", "kernel-6.1.squashfs",
                                      "kernel-6.1-old.squashfs", "kernel-6.12.squashfs"};

/// What a payload of kind kernel says of itself.
std::string release_of(const std::string& payload) {
  const auto version = run_checked({"unsquashfs", "-cat", image(payload).string(), "release"});
  REQUIRE_MESSAGE(version, version.error().message());
  return version->substr(0, version->find('\n'));
}

}  // namespace

TEST_CASE("a slot runs on the kernel that stands beside its disk, and on the disk's own again") {
  if (const auto missing = missing_images(needed); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  VmLab lab;
  auto rp = lab.make();
  const StagedPayload disk{image("frr-vm-bookworm.qcow2"), "8.4.4"};
  RP_OK(rp->stage(Slot::a, disk));
  CHECK(rp->status(Slot::a)->kernel.empty());
  RP_OK(rp->boot(Slot::a));
  const std::string own = rp->status(Slot::a)->kernel;
  MESSAGE("the disk's own: " << own);
  CHECK(own == release_of("kernel-6.1-old.squashfs"));
  RP_OK(rp->power_off(Slot::a));
  CHECK(rp->status(Slot::a)->kernel.empty());

  for (const std::string kernel : {"kernel-6.1.squashfs", "kernel-6.12.squashfs"}) {
    CAPTURE(kernel);
    StagedPayload both = disk;
    both.kernel = image(kernel);
    RP_OK(rp->stage(Slot::b, both));
    RP_OK(lab.make()->stage(Slot::b, both));
    CHECK_FALSE(rp->stage(Slot::b, disk));
    RP_OK(rp->boot(Slot::b));
    const std::string runs = rp->status(Slot::b)->kernel;
    MESSAGE(kernel << ": " << runs);
    CHECK(runs == release_of(kernel));
    RP_OK(rp->activate(Slot::b));
    const auto view = rp->control_plane(Slot::b);
    REQUIRE(view);
    CHECK(view->answering);
    CHECK(view->version == "8.4.4");
    RP_OK(rp->power_off(Slot::b));
    RP_OK(rp->unstage(Slot::b));
  }
  RP_OK(rp->stage(Slot::b, disk));
  RP_OK(rp->boot(Slot::b));
  CHECK(rp->status(Slot::b)->kernel == own);
}

TEST_CASE("a payload that holds no kernel is refused when it is staged") {
  if (const auto missing = missing_images(needed); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  VmLab lab;
  auto rp = lab.make();
  StagedPayload both{image("frr-vm-bookworm.qcow2"), "8.4.4", image("frr-vm-bookworm.qcow2")};
  const auto staged = rp->stage(Slot::b, both);
  REQUIRE_FALSE(staged);
  CHECK(staged.error().message().find("taking the kernel out of") != std::string::npos);
  CHECK(power_of(*rp, Slot::b) == SlotPower::empty);
}
