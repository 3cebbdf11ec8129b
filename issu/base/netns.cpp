#include "issu/base/netns.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"
#include "issu/base/ns_holder.hpp"
#include "issu/base/user_ns.hpp"

namespace issu {
namespace {

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

Result<void> share_folder() {
  ISSU_TRY(make_dirs("/run/netns", 0755), "making the folder of network namespaces");
  // A shared mount point lets the bind mount be seen (and taken away) in every mount namespace.
  if (::mount("", "/run/netns", "none", MS_SHARED | MS_REC, nullptr) != 0 && errno == EINVAL) {
    if (::mount("/run/netns", "/run/netns", "none", MS_BIND | MS_REC, nullptr) != 0 ||
        ::mount("", "/run/netns", "none", MS_SHARED | MS_REC, nullptr) != 0) {
      return fail_errno("sharing the mount /run/netns");
    }
  }
  return {};
}

Result<void> check_owner(const std::string& name, const std::filesystem::path& owner) {
  auto ours = UserNs::owns(owner, NetNs::path_of(name));
  if (!ours) {
    return fail(std::move(ours).error());
  }
  if (!*ours) {
    return fail("the network namespace " + name + " does not belong to the user namespace " +
                    owner.string(),
                "`issu router down` takes both away");
  }
  return {};
}

Result<void> create_inside(const std::filesystem::path& owner, const std::filesystem::path& path) {
  const Fd target(::open(owner.c_str(), O_RDONLY | O_CLOEXEC));
  if (!target) {
    return fail_errno("opening the user namespace " + owner.string());
  }
  auto holder =
      NsHolder::start("making a network namespace in " + owner.string(), [&target]() -> int {
        if (::setns(target.get(), CLONE_NEWUSER) != 0 || ::unshare(CLONE_NEWNET) != 0) {
          return errno;
        }
        return loopback_up() ? 0 : EIO;
      });
  return holder ? holder->keep("net", path) : Result<void>(fail(std::move(holder).error()));
}

}  // namespace

std::filesystem::path NetNs::path_of(const std::string& name) {
  return "/run/netns/" + name;
}

bool NetNs::exists(const std::string& name) {
  return is_kept_ns(path_of(name));
}

Result<void> NetNs::create(const std::string& name, const std::filesystem::path& owner) {
  const auto path = path_of(name);
  if (exists(name)) {
    return owner.empty() ? Result<void>() : check_owner(name, owner);
  }
  ISSU_TRY(share_folder(), "creating the network namespace " + name);
  if (!owner.empty()) {
    return create_inside(owner, path);
  }
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
  return forget_ns(path_of(name));
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
