// Images that are no good: each is told by what it is, and soon.

#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "tests/backends/vm/vm_lab.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::backends;
using namespace issu::testing;

namespace {

/// What the verb said against it, and that it took no longer than this.
std::string told(const std::function<Result<void>()>& verb, double within_s) {
  const MonoNs before = mono_now();
  const auto result = verb();
  const double took = to_s(mono_now() - before);
  REQUIRE_FALSE(result);
  const std::string message = result.error().message();
  MESSAGE(took << " s: " << message);
  CHECK(took < within_s);
  return message;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a kernel that panics is told by its own words") {
  if (const auto missing = missing_images({"frr-vm-broken-panic.qcow2"}); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  VmLab lab;
  auto rp = lab.make();
  RP_OK(rp->stage(Slot::a, {image("frr-vm-broken-panic.qcow2"), "10.3+panic"}));
  const std::string message = told([&] { return rp->boot(Slot::a); }, 30);
  CHECK(has(message, "does not run any more"));
  CHECK(has(message, "Kernel panic - not syncing"));
  CHECK(has(message, "serial.log"));
  CHECK(power_of(*rp, Slot::a) == SlotPower::staged);
}

TEST_CASE("a disk that nothing boots from is told by its firmware's words") {
  if (const auto missing = missing_images({"frr-vm-broken-disk.qcow2"}); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  VmLab lab;
  auto rp = lab.make();
  RP_OK(rp->stage(Slot::a, {image("frr-vm-broken-disk.qcow2"), "10.3+disk"}));
  const std::string message = told([&] { return rp->boot(Slot::a); }, 30);
  CHECK(has(message, "No bootable device"));
}

TEST_CASE("what is no disk, or not whole in itself, is refused before anything starts") {
  if (const auto missing = missing_images({"frr-vm-trixie.qcow2"}); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  VmLab lab;
  auto rp = lab.make();
  const auto text = run_dir() / "text.qcow2";
  std::ofstream(text) << "this is no disk\n";
  CHECK(has(told([&] { return rp->stage(Slot::a, {text, "1"}); }, 5), "is not a disk"));
  const auto half = run_dir() / "half.qcow2";
  RP_OK(run_checked({"qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b",
                     image("frr-vm-trixie.qcow2").string(), half.string()}));
  CHECK(has(told([&] { return rp->stage(Slot::a, {half, "1"}); }, 5), "needs another file"));
  CHECK(power_of(*rp, Slot::a) == SlotPower::empty);
}

TEST_CASE("a guest that comes up and never runs its daemons is told by the daemon") {
  if (const auto missing = missing_images({"frr-vm-broken-silent.qcow2"}); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  VmLab lab;
  auto rp = lab.make();
  RP_OK(rp->stage(Slot::a, {image("frr-vm-broken-silent.qcow2"), "10.3+silent"}));
  RP_OK(rp->boot(Slot::a));
  CHECK(power_of(*rp, Slot::a) == SlotPower::booted);
  const std::string message = told([&] { return rp->activate(Slot::a); }, 60);
  CHECK(has(message, "zebra did not answer"));
  RP_OK(rp->fence(Slot::a));
  CHECK(power_of(*rp, Slot::a) == SlotPower::booted);
}

TEST_CASE("KVM that opens and starts no guest is named, with what to do") {
  if (const auto missing = missing_images({"frr-vm-bookworm.qcow2"}); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  VmLab lab;
  lab.ask_for_kvm();
  auto rp = lab.make();
  if (const auto good = rp->check(); !good) {
    // No KVM at all: refused before anything starts.
    CHECK(has(good.error().message(), "KVM is asked for by name"));
    CHECK(has(good.error().message(), "accelerator = \"tcg\""));
    return;
  }
  RP_OK(rp->stage(Slot::a, {image("frr-vm-bookworm.qcow2"), "8.4.4"}));
  const MonoNs before = mono_now();
  const auto booted = rp->boot(Slot::a);
  MESSAGE(to_s(mono_now() - before) << " s");
  if (booted) {
    ISSU_SKIP("this machine's KVM starts guests: nothing to refuse");
  }
  const std::string message = booted.error().message();
  MESSAGE(message);
  CHECK(has(message, "started on KVM"));
  CHECK(has(message, "accelerator = \"tcg\""));
}
