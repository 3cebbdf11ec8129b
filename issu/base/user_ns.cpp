#include "issu/base/user_ns.hpp"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>

#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"

namespace issu {
namespace {

Result<void> write_map(const NsHolder& holder, const std::string& name, std::uint32_t first) {
  const std::string path = "/proc/" + std::to_string(holder.pid()) + "/" + name;
  const std::string line = "0 " + std::to_string(first) + " " + std::to_string(UserNs::ids);
  const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file || ::write(file.get(), line.data(), line.size()) < 0) {
    return fail_errno("mapping the ids from " + std::to_string(first) + " on",
                      "root of a host, not of a container that has fewer ids, is needed");
  }
  return {};
}

constexpr const char* hint =
    "a kernel with CONFIG_USER_NS that lets root make them, and /proc/sys/user/max_user_namespaces "
    "above 0";

}  // namespace

Result<NsHolder> UserNs::temporary(std::uint32_t first, bool with_netns) {
  const int flags = CLONE_NEWUSER | (with_netns ? CLONE_NEWNET : 0);
  auto holder = NsHolder::start("making a user namespace",
                                [flags] { return ::unshare(flags) == 0 ? 0 : errno; });
  if (!holder) {
    return fail(holder.error().what(), hint);
  }
  for (const char* name : {"uid_map", "gid_map"}) {
    ISSU_TRY(write_map(*holder, name, first), "in a new user namespace");
  }
  return holder;
}

Result<void> UserNs::create(const std::filesystem::path& path, std::uint32_t first) {
  if (exists(path)) {
    auto now = first_id(path);
    if (!now) {
      return fail(std::move(now).error());
    }
    if (*now != first) {
      return fail("the user namespace " + path.string() + " has the ids from " +
                      std::to_string(*now) + " on, not from " + std::to_string(first),
                  "`issu router down` takes it away");
    }
    return {};
  }
  auto holder = temporary(first);
  if (!holder) {
    return fail(std::move(holder).error());
  }
  return holder->keep("user", path);
}

Result<std::uint32_t> UserNs::first_id(const std::filesystem::path& path) {
  const Fd target(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!target) {
    return fail_errno("opening the user namespace " + path.string());
  }
  auto inside = NsHolder::start("entering the user namespace " + path.string(), [&target] {
    return ::setns(target.get(), CLONE_NEWUSER) == 0 ? 0 : errno;
  });
  if (!inside) {
    return fail(std::move(inside).error());
  }
  auto map = read_file("/proc/" + std::to_string(inside->pid()) + "/uid_map");
  if (!map) {
    return fail(std::move(map).error());
  }
  std::istringstream words(*map);
  std::uint32_t inner = 0;
  std::uint32_t outer = 0;
  if (!(words >> inner >> outer) || inner != 0) {
    return fail("the user namespace " + path.string() + " has no root");
  }
  return outer;
}

Result<bool> UserNs::owns(const std::filesystem::path& path, const std::filesystem::path& other) {
  const Fd asked(::open(other.c_str(), O_RDONLY | O_CLOEXEC));
  const Fd owner(asked ? ::ioctl(asked.get(), NS_GET_USERNS) : -1);
  struct stat of_owner {};
  struct stat of_path {};
  if (!owner || ::fstat(owner.get(), &of_owner) != 0) {
    return fail_errno("asking whom the namespace " + other.string() + " belongs to");
  }
  if (::stat(path.c_str(), &of_path) != 0) {
    return fail_errno("looking at the user namespace " + path.string());
  }
  return of_owner.st_ino == of_path.st_ino && of_owner.st_dev == of_path.st_dev;
}

}  // namespace issu
