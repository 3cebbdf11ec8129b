#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <filesystem>

#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"
#include "issu/doctor/checks.hpp"

namespace issu::doctor {
namespace {

/// Whether `word` stands in `text` between blanks.
bool holds_word(const std::string& text, const std::string& word) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const bool starts = at == 0 || text[at - 1] == ' ' || text[at - 1] == '\n';
    const auto end = at + word.size();
    if (starts && (end == text.size() || text[end] == ' ' || text[end] == '\n')) {
      return true;
    }
  }
  return false;
}

Capability virtualization() {
  Capability capability{"cpu.virtualization",
                        "VT-x / AMD-V",
                        Present::unknown,
                        "",
                        "VMs at the processor's own speed (they run without it, emulated)",
                        "switch it on in the firmware; in a VM its maker has to pass it on",
                        {}};
  const auto text = read_file("/proc/cpuinfo");
  if (!text) {
    capability.detail = text.error().what();
    return capability;
  }
  const bool intel = holds_word(*text, "vmx");
  const bool amd = holds_word(*text, "svm");
  capability.present = intel || amd ? Present::yes : Present::no;
  capability.detail = intel ? "VT-x (vmx)" : amd ? "AMD-V (svm)" : "neither vmx nor svm";
  return capability;
}

Capability iommu() {
  Capability capability{"iommu",
                        "VT-d / IOMMU",
                        Present::no,
                        "",
                        "real network cards handed to a VM (VFIO)",
                        "switch it on in the firmware and boot with intel_iommu=on",
                        {}};
  namespace fs = std::filesystem;
  std::error_code error;
  std::string units;
  for (const auto& unit : fs::directory_iterator("/sys/class/iommu", error)) {
    units += " " + unit.path().filename().string();
  }
  const bool described = fs::exists("/sys/firmware/acpi/tables/DMAR", error) ||
                         fs::exists("/sys/firmware/acpi/tables/IVRS", error);
  const auto boot = read_file("/proc/cmdline").value_or("");
  const bool asked = boot.find("iommu=on") != std::string::npos;
  if (!units.empty()) {
    capability.present = Present::yes;
    capability.detail = "units:" + units;
  } else {
    capability.detail = std::string("no unit in /sys/class/iommu; the firmware ") +
                        (described ? "describes one" : "describes none") +
                        (asked ? ", the kernel was told to use it" : "");
  }
  return capability;
}

constexpr const char* only_a_guest_proves =
    "; only a guest that booted proves KVM, and none was booted here";

/// Opening it and making a VM works on paravirtual KVMs that then can't boot a stock kernel: so
/// this is never a yes.
Capability kvm(const Options& options) {
  Capability capability{"kvm",
                        "KVM",
                        Present::unknown,
                        "",
                        "VMs at the processor's own speed (they run without it, emulated)",
                        "modprobe kvm_intel or kvm_amd; in a VM, nested virtualization",
                        {}};
  const auto found = probe(
      []() -> Result<std::string> {
        const Fd device(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
        if (!device) {
          return fail_errno("opening /dev/kvm");
        }
        const int version = ::ioctl(device.get(), KVM_GET_API_VERSION, 0);
        const Fd machine(::ioctl(device.get(), KVM_CREATE_VM, 0));
        if (version != KVM_API_VERSION || !machine) {
          return fail_errno("creating a VM (API version " + std::to_string(version) + ")");
        }
        return "/dev/kvm opens, API version " + std::to_string(version) + ", makes a VM";
      },
      options.deadline);
  if (found) {
    capability.detail = *found + only_a_guest_proves;
  } else {
    capability.detail = found.error().what();
    capability.present =
        found.error().kind() == ErrorKind::timeout ? Present::unknown : Present::no;
  }
  return capability;
}

}  // namespace

std::vector<Capability> check_hardware(const Options& options) {
  return {virtualization(), iommu(), kvm(options)};
}

}  // namespace issu::doctor
