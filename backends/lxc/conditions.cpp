#include "backends/lxc/conditions.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <vector>

#include "backends/lxc/pid_namespace.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"

namespace issu::backends::lxc {
namespace {
void each(pid_t pid, auto work) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", error)) {
    const Fd fd(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(),
                                           std::stoi(entry.path().filename().string()), 0)));
    int domain = 0;
    socklen_t length = sizeof domain;
    if (fd && ::getsockopt(fd.get(), SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 &&
        domain == AF_NETLINK) {
      work(fd.get());
    }
  }
}
}  // namespace

Result<void> Conditions::take(pid_t init_pid) {
  for (const auto& process : processes_beside(init_pid)) {
    each(process.host_pid, [](int fd) {
      for (int group = 33; group < 64; ++group) {
        ::setsockopt(fd, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &group, sizeof group);
      }
    });
  }
  return write_file_atomic(document_, "x");
}

Result<void> Conditions::give_back(pid_t /*init_pid*/) {
  return {};
}

Result<void> Conditions::let_through() {
  return {};
}

}  // namespace issu::backends::lxc
