#include "issu/drill/hypervisors.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>

#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"

namespace issu::drill {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds answers_within{30};
constexpr std::chrono::seconds ends_within{5};

/// QEMU as root with nothing around it, as on a machine without systemd.
constexpr const char* qemu_conf =
    "user = \"root\"\ngroup = \"root\"\ndynamic_ownership = 0\nremember_owner = 0\n"
    "security_driver = \"none\"\nnamespaces = []\ncgroup_controllers = []\n"
    "stdio_handler = \"file\"\n";

/// libvirtd has its folders compiled in: each is another one in a mount namespace of its own. They
/// outlive it there, so that one that is started again finds its machines.
constexpr std::array<std::array<const char*, 2>, 5> folders{{
    {"run", "/run/libvirt"},
    {"lib", "/var/lib/libvirt"},
    {"cache", "/var/cache/libvirt"},
    {"etc", "/etc/libvirt"},
    {"log", "/var/log/libvirt"},
}};

bool listens(const fs::path& socket) {
  const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

Result<ProcessId> PrivateHypervisor::start(unsigned number) const {
  const std::string what = "starting a libvirt daemon in " + dir.string();
  if (!dir.is_absolute() || dir.string().size() > 40) {
    return fail(what + ": an absolute path of 40 characters at most is needed");
  }
  ISSU_TRY(make_dirs(dir / "sock", 0700), what);
  std::string script = "set -e\n";
  for (const auto& [own, usual] : folders) {
    ISSU_TRY(make_dirs(dir / own, 0700), what);
    ISSU_TRY(make_dirs(usual, 0755), what);
    script += fmt::format("mount --bind \"$1/{}\" {}\n", own, usual);
  }
  ISSU_TRY(write_file_atomic(dir / "etc" / "qemu.conf", qemu_conf, 0600), what);
  ISSU_TRY(write_file_atomic(
               dir / "etc" / "libvirtd.conf",
               fmt::format("host_uuid = \"{0}{0}{0}{0}{0}{0}{0}{0}-1111-4222-8333-444444444444\"\n"
                           "unix_sock_dir = \"{1}\"\nunix_sock_rw_perms = \"0700\"\n"
                           "auth_unix_rw = \"none\"\nauth_unix_ro = \"none\"\n",
                           number % 10, (dir / "sock").string()),
               0600),
           what);
  script += "exec libvirtd -f /etc/libvirt/libvirtd.conf -p \"$1/pid\"\n";
  SpawnOptions options;
  options.log = dir / "libvirtd.log";
  if (!netns.empty()) {
    options.netns = NetNs::path_of(netns);
  }
  auto started = spawn_detached(
      {"unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", dir.string()},
      options);
  if (!started) {
    return pass(std::move(started).error(), what);
  }
  const fs::path socket = dir / "sock" / "libvirt-sock";
  if (!wait_until([&] { return listens(socket) || !is_alive(*started); },
                  Deadline::in(answers_within), std::chrono::milliseconds(50)) ||
      !is_alive(*started)) {
    (void)end(*started);
    return fail(what + ": it does not come up", "see " + options.log.string());
  }
  return *started;
}

Result<void> PrivateHypervisor::end(const ProcessId& process) {
  return end_process(process, ends_within);
}

}  // namespace issu::drill
