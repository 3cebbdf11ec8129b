#include "backends/lxc/host_check.hpp"

#include <sys/un.h>
#include <unistd.h>

#include <cctype>

#include "backends/lxc/slot_files.hpp"
#include "backends/lxc/user_namespace.hpp"
#include "backends/suite/slot_parts.hpp"
#include "issu/base/file.hpp"
#include "issu/base/reasons.hpp"

namespace issu::backends::lxc {
namespace {

namespace fs = std::filesystem;

bool has_filesystem(const std::string& known, const std::string& name) {
  return known.find("\t" + name + "\n") != std::string::npos;
}

}  // namespace

bool has_apparmor() {
  auto enabled = read_file("/sys/module/apparmor/parameters/enabled");
  return enabled && enabled->starts_with("Y");
}

Result<void> check_host(const RouterSpec& spec, const Suite& suite) {
  Reasons reasons;
  reasons.add_unless(::geteuid() == 0, "containers need root", "run it as root");
  const std::string filesystems = read_file("/proc/filesystems").value_or("");
  for (const char* name : {"squashfs", "overlay"}) {
    reasons.add_unless(has_filesystem(filesystems, name),
                       std::string("the kernel does not know the filesystem ") + name,
                       std::string("modprobe ") + name);
  }
  reasons.add_unless(fs::exists("/dev/loop-control"), "there is no /dev/loop-control",
                     "modprobe loop");
  for (const char* kind : {"pid", "mnt", "uts", "ipc", "net"}) {
    reasons.add_unless(fs::exists(std::string("/proc/self/ns/") + kind),
                       std::string("the kernel has no ") + kind + " namespaces",
                       "a kernel with CONFIG_NAMESPACES is needed");
  }
  const std::string mounts = read_file("/proc/self/mounts").value_or("");
  reasons.add_unless(mounts.find(" cgroup") != std::string::npos, "no cgroup hierarchy is mounted",
                     "mount -t cgroup2 none /sys/fs/cgroup");
  if (auto program = find_init_program(); !program) {
    reasons.add(std::move(program).error());
  }
  if (auto user = check_user_namespace(spec, suite); !user) {
    reasons.add(std::move(user).error());
  }
  const SlotFiles files(spec, Slot::a);
  const auto longest =
      std::max(files.control().native().size(), (files.run() / "staticd.vty").native().size());
  reasons.add_unless(longest < sizeof(sockaddr_un::sun_path),
                     "run_dir " + spec.run_dir.string() + " is too long: sockets lie in it",
                     "choose a shorter one, of 75 characters at most");
  if (auto config = suite.check_config(spec.config_dir, spec.daemons, spec.npu.takes_fpm());
      !config) {
    reasons.add(std::move(config).error());
  }
  return std::move(reasons).result();
}

}  // namespace issu::backends::lxc
