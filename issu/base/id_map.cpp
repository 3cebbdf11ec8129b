#include "issu/base/id_map.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "issu/base/fd.hpp"

namespace issu {
namespace {

namespace fs = std::filesystem;

/// A copy of the mount that is attached nowhere, with its ids mapped.
Result<Fd> mapped_copy(const fs::path& mount, const fs::path& user_ns) {
  const Fd target(::open(user_ns.c_str(), O_RDONLY | O_CLOEXEC));
  if (!target) {
    return fail_errno("opening the user namespace " + user_ns.string());
  }
  Fd copy(::open_tree(AT_FDCWD, mount.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!copy) {
    return fail_errno("copying the mount " + mount.string());
  }
  mount_attr wanted{};
  wanted.attr_set = MOUNT_ATTR_IDMAP;
  wanted.userns_fd = static_cast<__u64>(target.get());
  if (::mount_setattr(copy.get(), "", AT_EMPTY_PATH, &wanted, sizeof wanted) != 0) {
    return fail_errno("mapping the ids of the file system on " + mount.string(),
                      "a kernel that maps the ids of this file system is needed (squashfs: 6.2)");
  }
  return copy;
}

Result<void> shift_one(const fs::path& path, std::uint32_t first) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    return fail_errno("looking at " + path.string());
  }
  const uid_t user = first + status.st_uid % 65536;
  const gid_t group = first + status.st_gid % 65536;
  if ((user != status.st_uid || group != status.st_gid) &&
      ::lchown(path.c_str(), user, group) != 0) {
    return fail_errno("giving " + path.string() + " to user " + std::to_string(user));
  }
  return {};
}

}  // namespace

Result<void> map_ids(const fs::path& mount, const fs::path& user_ns) {
  auto copy = mapped_copy(mount, user_ns);
  if (!copy) {
    return fail(std::move(copy).error());
  }
  if (::umount2(mount.c_str(), 0) != 0) {
    return fail_errno("unmounting " + mount.string());
  }
  if (::move_mount(copy->get(), "", AT_FDCWD, mount.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    return fail_errno("mounting with mapped ids on " + mount.string());
  }
  return {};
}

Result<void> try_map_ids(const fs::path& mount, const fs::path& user_ns) {
  auto copy = mapped_copy(mount, user_ns);
  return copy ? Result<void>() : Result<void>(fail(std::move(copy).error()));
}

Result<void> shift_owners(const fs::path& tree, std::uint32_t first) {
  ISSU_TRY(shift_one(tree, first), "changing owners");
  std::error_code error;
  for (fs::recursive_directory_iterator entry(tree, error), end; !error && entry != end;
       entry.increment(error)) {
    ISSU_TRY(shift_one(entry->path(), first), "changing owners");
  }
  if (error) {
    return fail("going through " + tree.string() + ": " + error.message());
  }
  return {};
}

}  // namespace issu
