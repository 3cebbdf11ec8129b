#include "backends/vm/accelerator.hpp"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "issu/base/fd.hpp"
#include "issu/base/processors.hpp"

namespace issu::backends::vm {
namespace {

constexpr const char* without_kvm =
    "[vm] accelerator = \"tcg\": QEMU's own processor, many times slower, needs none";

}  // namespace

Accelerator accelerator_of(const RouterSpec& spec) {
  return spec.vm.accelerator == "kvm" ? Accelerator::kvm : Accelerator::tcg;
}

Result<void> check_accelerator(const RouterSpec& spec) {
  if (accelerator_of(spec) != Accelerator::kvm) {
    return {};
  }
  const Fd device(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (!device) {
    return fail_errno("KVM is asked for by name, and /dev/kvm does not open", without_kvm);
  }
  const Fd machine(::ioctl(device.get(), KVM_CREATE_VM, 0));
  if (!machine) {
    return fail_errno("KVM is asked for by name, and makes no machine", without_kvm);
  }
  return {};
}

Result<void> check_processors(const RouterSpec& spec) {
  if (spec.vm.cpus.empty()) {
    return {};
  }
  const auto wanted = parse_processors(spec.vm.cpus);
  const auto online = online_processors();
  for (const auto& read : {wanted, online}) {
    if (!read) {
      return fail(read.error());
    }
  }
  if (!std::includes(online->begin(), online->end(), wanted->begin(), wanted->end())) {
    return fail("[vm] cpus = \"" + spec.vm.cpus + "\" names processors that this machine has not",
                "name some of those in /sys/devices/system/cpu/online, or take it away");
  }
  return {};
}

Error under_accelerator(const RouterSpec& spec, Error error) {
  if (accelerator_of(spec) == Accelerator::kvm) {
    error.also(
        Error("it was started on KVM, which opens on some machines and starts no kernel there",
              without_kvm));
  }
  return error;
}

}  // namespace issu::backends::vm
