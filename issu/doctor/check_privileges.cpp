#include <linux/capability.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#include "issu/base/file.hpp"
#include "issu/doctor/checks.hpp"

namespace issu::doctor {
namespace {

struct Row {
  unsigned number;
  const char* name;
  const char* needed_for;
  std::vector<std::string> needed_by;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> table = {
      {CAP_SYS_ADMIN,
       "CAP_SYS_ADMIN",
       "namespaces, mounts and loop devices",
       {"checkpoint", "kernel", "lxc", "soft"}},
      {CAP_NET_ADMIN,
       "CAP_NET_ADMIN",
       "links, addresses, routes and nftables",
       {"checkpoint", "kernel", "lxc", "soft"}},
      {CAP_NET_RAW,
       "CAP_NET_RAW",
       "daemons with raw sockets (OSPF, BFD); packet sockets of the soft NPU",
       {"lxc", "soft"}},
      {CAP_SYS_PTRACE,
       "CAP_SYS_PTRACE",
       "CRIU, and looking at daemons in a container",
       {"checkpoint"}},
      {CAP_SYS_CHROOT, "CAP_SYS_CHROOT", "a container's root filesystem", {"lxc"}},
      {CAP_MKNOD, "CAP_MKNOD", "a container's /dev", {"lxc"}},
      {CAP_SETUID, "CAP_SETUID", "daemons that run as a user of their own", {"lxc"}},
      {CAP_SETGID, "CAP_SETGID", "daemons that run as a user of their own", {"lxc"}},
      {CAP_KILL, "CAP_KILL", "ending daemons of another user", {"lxc"}},
      {CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE", "files of daemons of another user", {"lxc"}},
      {CAP_SYS_RESOURCE,
       "CAP_SYS_RESOURCE",
       "checkpoints of daemons that run as another user than root (prlimit on a foreign uid), and "
       "receive buffers beyond net.core.rmem_max",
       {}},
      {CAP_SYS_BOOT, "CAP_SYS_BOOT", "upgrades of the kernel by kexec", {}},
      {CAP_SYS_MODULE, "CAP_SYS_MODULE", "loading kernel modules that are not there yet", {}},
  };
  return table;
}

/// The effective set of this process; no value when /proc does not tell.
Result<std::uint64_t> effective() {
  auto status = read_file("/proc/self/status");
  if (!status) {
    return fail(std::move(status).error());
  }
  const auto at = status->find("\nCapEff:");
  if (at == std::string::npos) {
    return fail("/proc/self/status names no capabilities");
  }
  return std::strtoull(status->c_str() + at + 8, nullptr, 16);
}

std::string without(const Row& row) {
  if (row.number == CAP_SYS_RESOURCE) {
    return "not held: CRIU can dump daemons that run as root in the container, and no others";
  }
  return "not held";
}

}  // namespace

std::vector<Capability> check_privileges(const Options&) {
  const bool root = ::geteuid() == 0;
  std::vector<Capability> found = {
      {"root",
       "root",
       root ? Present::yes : Present::no,
       root ? "uid 0" : "uid " + std::to_string(::geteuid()),
       "everything that touches the machine",
       "run it as root (sudo issu …)",
       {"checkpoint", "kernel", "lxc", "restart", "soft", "standby", "vm"}}};
  const auto held = effective();
  for (const Row& row : rows()) {
    Capability capability{"capability." + std::string(row.name),
                          row.name,
                          Present::unknown,
                          "",
                          row.needed_for,
                          "run it as root; in a container or VM its maker has to grant it",
                          row.needed_by};
    if (held) {
      const bool has = (*held >> row.number & 1U) != 0;
      capability.present = has ? Present::yes : Present::no;
      capability.detail = has ? "held" : without(row);
    } else {
      capability.detail = held.error().what();
    }
    found.push_back(std::move(capability));
  }
  return found;
}

}  // namespace issu::doctor
