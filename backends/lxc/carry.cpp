#include "backends/lxc/carry.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "issu/base/file.hpp"

namespace issu::backends::lxc {
namespace {

namespace fs = std::filesystem;

/// Takes away what stands in the place of something of another type: above all a link of the image,
/// which seen from here leads to a file of the host.
Result<void> clear_place(const fs::path& to, mode_t type) {
  struct stat there {};
  if (::lstat(to.c_str(), &there) != 0 || (there.st_mode & S_IFMT) == (type & S_IFMT)) {
    return {};
  }
  return remove_tree(to);
}

/// The folder that `to` lies in is one: its own entry came before.
Result<void> carry_one(const fs::path& from, const fs::path& to, const struct stat& status) {
  std::error_code error;
  if (S_ISDIR(status.st_mode) || S_ISREG(status.st_mode)) {
    ISSU_TRY(clear_place(to, status.st_mode), "bringing " + from.string());
  }
  if (S_ISDIR(status.st_mode)) {
    fs::create_directory(to, error);
  } else if (S_ISREG(status.st_mode)) {
    fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  } else if (S_ISLNK(status.st_mode)) {
    ISSU_TRY(remove_tree(to), "bringing " + from.string());
    fs::copy_symlink(from, to, error);
  } else if (S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0)) {
    // How an overlay says that a file of the image was deleted.
    return remove_tree(to);
  } else {
    return {};
  }
  if (error) {
    return fail("bringing " + from.string() + " to " + to.string() + ": " + error.message());
  }
  if (::lchown(to.c_str(), status.st_uid, status.st_gid) != 0 ||
      (!S_ISLNK(status.st_mode) && ::chmod(to.c_str(), status.st_mode & 07777U) != 0)) {
    return fail_errno("setting the owner and mode of " + to.string());
  }
  return {};
}

Result<void> carry_tree(const fs::path& from, const fs::path& to) {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(from, error), end; !error && entry != end;
       entry.increment(error)) {
    struct stat status {};
    if (::lstat(entry->path().c_str(), &status) == 0) {
      ISSU_TRY(carry_one(entry->path(), to / entry->path().lexically_relative(from), status),
               "bringing files into the other slot");
    }
  }
  if (error) {
    return fail("reading " + from.string() + ": " + error.message());
  }
  return {};
}

}  // namespace

Result<void> carry_files(const SlotFiles& from, const SlotFiles& to) {
  ISSU_TRY(carry_tree(from.upper(), to.rootfs()), "what was written into the root filesystem");
  for (const auto& [old_place, new_place] :
       {std::pair{from.init(), to.init()}, {from.run(), to.run()}, {from.config(), to.config()}}) {
    ISSU_TRY(make_dirs(new_place, 0755), "bringing files into the other slot");
    ISSU_TRY(carry_tree(old_place, new_place), "bringing files into the other slot");
  }
  return {};
}

}  // namespace issu::backends::lxc
