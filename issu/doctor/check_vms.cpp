#include <dlfcn.h>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "issu/doctor/checks.hpp"

namespace issu::doctor {
namespace {

/// What two slots take that router.toml says nothing else of, with QEMU's own share.
constexpr std::uint64_t slot_mib = 512;
constexpr std::uint64_t qemu_mib = 128;
constexpr const char* libvirt_user = "libvirt-qemu";

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

Result<std::string> try_qemu() {
  auto version = run_checked({"qemu-system-x86_64", "--version"});
  if (!version) {
    return fail(std::move(version).error());
  }
  auto accelerators = run_checked({"qemu-system-x86_64", "-accel", "help"});
  if (!accelerators) {
    return fail(std::move(accelerators).error());
  }
  if (accelerators->find("tcg") == std::string::npos) {
    return fail(first_line(*version) + " has no accelerator tcg");
  }
  return first_line(*version) + ", with tcg";
}

Result<std::string> try_qemu_img() {
  auto version = run_checked({"qemu-img", "--version"});
  return version ? Result<std::string>(first_line(*version)) : version;
}

Result<std::string> try_user() {
  const passwd* found = ::getpwnam(libvirt_user);
  if (found == nullptr) {
    return fail(std::string("there is no user ") + libvirt_user);
  }
  return fmt::format("uid {}", found->pw_uid);
}

/// A function of libvirt, loaded in the trial's process only: the doctor runs where it is missing.
template <typename Function>
Function symbol(void* library, const char* name) {
  return reinterpret_cast<Function>(::dlsym(library, name));
}

/// Opens the driver as the backend does, in a folder of the trial's own. No daemon is asked, and
/// no machine is started.
Result<std::string> try_driver() {
  if (::geteuid() != 0) {
    return fail("only root can open libvirt's QEMU driver");
  }
  ISSU_TRY(make_dirs("/run/issu-doctor/etc"), "a folder for the trial");
  ISSU_TRY(write_file_atomic("/run/issu-doctor/etc/qemu.conf",
                             "user = \"root\"\ngroup = \"root\"\nsecurity_driver = \"none\"\n"
                             "namespaces = []\ncgroup_controllers = []\n"),
           "a folder for the trial");
  ::setenv("LIBVIRT_LOG_OUTPUTS", "4:file:/run/issu-doctor/log", 1);
  void* library = ::dlopen("libvirt.so.0", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(::dlerror());
  }
  const auto register_loop = symbol<int (*)()>(library, "virEventRegisterDefaultImpl");
  const auto open = symbol<void* (*)(const char*)>(library, "virConnectOpen");
  const auto message = symbol<const char* (*)()>(library, "virGetLastErrorMessage");
  const auto version =
      symbol<int (*)(unsigned long*, const char*, unsigned long*)>(library, "virGetVersion");
  const auto on_error = symbol<void (*)(void*, void (*)(void*, void*))>(library, "virSetErrorFunc");
  if (register_loop == nullptr || open == nullptr || message == nullptr || version == nullptr ||
      on_error == nullptr) {
    return fail("libvirt.so.0 is not the library that it should be");
  }
  on_error(nullptr, [](void*, void*) {});
  unsigned long number = 0;
  version(&number, nullptr, nullptr);
  const std::string name =
      fmt::format("libvirt {}.{}.{}", number / 1'000'000, number / 1000 % 1000, number % 1000);
  if (register_loop() != 0 || open("qemu:///embed?root=/run/issu-doctor") == nullptr) {
    return fail(name + " does not open its QEMU driver: " + message());
  }
  return name + " opens its QEMU driver, no daemon is needed";
}

}  // namespace

Capability memory_for_vms(const std::string& meminfo) {
  constexpr std::uint64_t wanted = 2 * (slot_mib + qemu_mib);
  Capability capability{"memory.vms",
                        "memory for two VMs",
                        Present::unknown,
                        "",
                        "the other slot's machine beside the one that runs",
                        "free some, or give each slot less: memory_mib under [vm] of router.toml",
                        {"standby"}};
  constexpr std::string_view key = "MemAvailable:";
  const auto at = meminfo.find(key);
  const auto digit = at == std::string::npos ? at : meminfo.find_first_of("0123456789", at);
  std::uint64_t kib = 0;
  if (digit == std::string::npos ||
      std::from_chars(meminfo.data() + digit, meminfo.data() + meminfo.size(), kib).ec !=
          std::errc()) {
    capability.detail = "/proc/meminfo does not say what is available";
    return capability;
  }
  const std::uint64_t mib = kib >> 10U;
  capability.present = mib >= wanted ? Present::yes : Present::no;
  capability.detail =
      fmt::format("{} MiB are available, two of {} MiB take {}", mib, slot_mib, wanted);
  return capability;
}

std::vector<Capability> check_vms(const Options& options) {
  Capability qemu{"qemu",           "QEMU",
                  Present::unknown, "",
                  "the backend vm", "apt-get install qemu-system-x86",
                  {"standby", "vm"}};
  Capability qemu_img{"qemu-img",
                      "qemu-img",
                      Present::unknown,
                      "",
                      "a slot's disk on top of its image",
                      "apt-get install qemu-utils",
                      {"standby", "vm"}};
  Capability user{"libvirt.user",
                  std::string("user ") + libvirt_user,
                  Present::unknown,
                  "",
                  "libvirt's QEMU driver as Debian builds it: it does not open without that user",
                  "apt-get install libvirt-daemon-system (nothing of it has to run)",
                  {}};
  Capability driver{
      "libvirt.qemu",   "libvirt's QEMU driver",
      Present::unknown, "",
      "the backend vm", "apt-get install libvirt-daemon-driver-qemu libvirt-daemon-system",
      {"standby", "vm"}};
  return {tried(std::move(qemu), try_qemu, options),
          tried(std::move(qemu_img), try_qemu_img, options),
          tried(std::move(user), try_user, options), tried(std::move(driver), try_driver, options),
          memory_for_vms(read_file("/proc/meminfo").value_or(""))};
}

}  // namespace issu::doctor
