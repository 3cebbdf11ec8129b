#include "issu/base/capabilities.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <span>

namespace issu {
namespace {

constexpr std::array<unsigned, 14> unneeded{
    CAP_LINUX_IMMUTABLE, CAP_IPC_OWNER, CAP_SYS_RAWIO,     CAP_SYS_PACCT,    CAP_SYS_TIME,
    CAP_SYS_TTY_CONFIG,  CAP_LEASE,     CAP_AUDIT_CONTROL, CAP_AUDIT_READ,   CAP_MAC_OVERRIDE,
    CAP_MAC_ADMIN,       CAP_SYSLOG,    CAP_WAKE_ALARM,    CAP_BLOCK_SUSPEND};
constexpr std::array<unsigned, 2> of_others{CAP_SYS_MODULE, CAP_SYS_BOOT};
constexpr unsigned words = 2;  // of 32 capabilities each

/// The three sets of this process; glibc has no name for the calls.
struct Sets {
  std::array<__user_cap_data_struct, words> data{};

  bool read() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    return ::syscall(SYS_capget, &header, data.data()) == 0;
  }
  [[nodiscard]] bool write() const {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    return ::syscall(SYS_capset, &header, data.data()) == 0;
  }
  void drop(unsigned capability) {
    auto& word = data[capability / 32];
    const std::uint32_t others = ~(std::uint32_t{1} << capability % 32);
    word.effective &= others;
    word.permitted &= others;
    word.inheritable &= others;
  }
  [[nodiscard]] bool has(unsigned capability) const {
    return (data[capability / 32].effective >> capability % 32 & 1U) != 0;
  }
};

void give_up(std::span<const unsigned> capabilities) {
  Sets sets;
  if (!sets.read()) {
    return;  // a kernel that does not tell has nothing that could be given up
  }
  for (const unsigned capability : capabilities) {
    sets.drop(capability);
  }
  // Dropping is always allowed.
  static_cast<void>(sets.write());
}

}  // namespace

void give_up_unneeded() {
  give_up(unneeded);
}

void give_up_for_coordinator() {
  give_up(unneeded);
  give_up(of_others);
  // Without this capability our own children could not look at what we hold open for them.
  if (Sets sets; sets.read() && sets.has(CAP_SYS_PTRACE)) {
    ::prctl(PR_SET_DUMPABLE, 0);
  }
}

bool give_up_power() {
  Sets sets;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !sets.read()) {
    return false;
  }
  for (unsigned capability = 0;
       ::prctl(PR_CAPBSET_READ, static_cast<unsigned long>(capability)) >= 0; ++capability) {
    if (capability != CAP_DAC_READ_SEARCH) {
      // Who may not change this set, has nothing to lose by it but as root.
      ::prctl(PR_CAPBSET_DROP, static_cast<unsigned long>(capability));
      if (capability / 32 < words) {
        sets.drop(capability);
      }
    }
  }
  return sets.write();
}

}  // namespace issu
