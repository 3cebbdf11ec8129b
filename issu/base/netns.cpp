#include "issu/base/netns.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"

namespace issu {
namespace {

constexpr long nsfs_magic = 0x6e736673;

Result<void> loopback_up() {
  const Fd socket_fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", 3);
  request.ifr_flags = IFF_UP;
  if (!socket_fd || ::ioctl(socket_fd.get(), SIOCSIFFLAGS, &request) != 0) {
    return fail_errno("setting the loopback up");
  }
  return {};
}

Result<void> on_thread(const std::function<Result<void>()>& work) {
  Result<void> result;
  std::thread thread([&] { result = work(); });
  thread.join();
  return result;
}

}  // namespace

std::filesystem::path NetNs::path_of(const std::string& name) {
  return "/run/netns/" + name;
}

bool NetNs::exists(const std::string& name) {
  struct statfs status {};
  return ::statfs(path_of(name).c_str(), &status) == 0 && status.f_type == nsfs_magic;
}

Result<void> NetNs::create(const std::string& name) {
  if (exists(name)) {
    return {};
  }
  ISSU_TRY(make_dirs("/run/netns", 0755), "creating the network namespace " + name);
  // A shared mount point lets the bind mount be seen (and taken away) in every mount namespace.
  if (::mount("", "/run/netns", "none", MS_SHARED | MS_REC, nullptr) != 0 && errno == EINVAL) {
    if (::mount("/run/netns", "/run/netns", "none", MS_BIND | MS_REC, nullptr) != 0 ||
        ::mount("", "/run/netns", "none", MS_SHARED | MS_REC, nullptr) != 0) {
      return fail_errno("sharing the mount /run/netns");
    }
  }
  const auto path = path_of(name);
  const Fd file(::open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0444));
  if (!file) {
    return fail_errno("creating " + path.string());
  }
  return on_thread([&]() -> Result<void> {
    if (::unshare(CLONE_NEWNET) != 0) {
      return fail_errno("creating the network namespace " + name, "root is needed");
    }
    ISSU_TRY(loopback_up(), "in the network namespace " + name);
    const std::string own = "/proc/self/task/" + std::to_string(::syscall(SYS_gettid)) + "/ns/net";
    if (::mount(own.c_str(), path.c_str(), "none", MS_BIND, nullptr) != 0) {
      return fail_errno("mounting the network namespace on " + path.string());
    }
    return {};
  });
}

Result<void> NetNs::remove(const std::string& name) {
  const auto path = path_of(name);
  if (exists(name) && ::umount2(path.c_str(), MNT_DETACH) != 0) {
    return fail_errno("unmounting " + path.string());
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return fail_errno("removing " + path.string());
  }
  return {};
}

Result<void> NetNs::inside(const std::filesystem::path& netns,
                           const std::function<Result<void>()>& work) {
  const Fd target(::open(netns.c_str(), O_RDONLY | O_CLOEXEC));
  if (!target) {
    return fail_errno("opening the network namespace " + netns.string());
  }
  return on_thread([&]() -> Result<void> {
    if (::setns(target.get(), CLONE_NEWNET) != 0) {
      return fail_errno("entering the network namespace " + netns.string());
    }
    return work();
  });
}

}  // namespace issu
