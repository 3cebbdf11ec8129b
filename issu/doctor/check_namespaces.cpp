#include <sched.h>

#include "issu/doctor/checks.hpp"

namespace issu::doctor {
namespace {

#ifndef CLONE_NEWTIME
constexpr int CLONE_NEWTIME = 0x80;
#endif

struct Row {
  const char* name;
  int flag;
  const char* option;  ///< of the kernel's configuration
  const char* needed_for;
  std::vector<std::string> needed_by;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> table = {
      {"net",
       CLONE_NEWNET,
       "CONFIG_NET_NS",
       "the chassis that outlives every container",
       {"kernel", "lxc", "soft"}},
      {"pid",
       CLONE_NEWPID,
       "CONFIG_PID_NS",
       "containers, and restoring the same pids",
       {"checkpoint", "lxc"}},
      {"mnt", CLONE_NEWNS, "CONFIG_NAMESPACES", "a container's root filesystem", {"lxc"}},
      {"uts", CLONE_NEWUTS, "CONFIG_UTS_NS", "a container's host name", {"lxc"}},
      {"ipc", CLONE_NEWIPC, "CONFIG_IPC_NS", "containers", {"lxc"}},
      {"user", CLONE_NEWUSER, "CONFIG_USER_NS", "containers whose root is not the host's", {}},
      {"time",
       CLONE_NEWTIME,
       "CONFIG_TIME_NS",
       "restored daemons whose CLOCK_MONOTONIC goes on across hosts and kernels",
       {}},
  };
  return table;
}

}  // namespace

std::vector<Capability> check_namespaces(const Options& options) {
  std::vector<Capability> found;
  for (const Row& row : rows()) {
    Capability capability{"namespace." + std::string(row.name),
                          std::string(row.name) + " namespace",
                          Present::unknown,
                          "",
                          row.needed_for,
                          "a kernel with " + std::string(row.option) + ", and root",
                          row.needed_by};
    found.push_back(tried(
        std::move(capability),
        [flag = row.flag]() -> Result<std::string> {
          if (::unshare(flag) != 0) {
            return fail_errno("unshare");
          }
          return std::string("made one");
        },
        options));
  }
  return found;
}

}  // namespace issu::doctor
