#include "issu/base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "issu/base/fd.hpp"

namespace issu {
namespace {

Result<void> write_all(int fd, std::string_view text, const std::string& name) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      return fail_errno("writing " + name);
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

/// The first folder below `root` that lies on another device, or an empty path.
std::filesystem::path mount_below(const std::filesystem::path& root) {
  struct stat top {};
  if (::lstat(root.c_str(), &top) != 0 || !S_ISDIR(top.st_mode)) {
    return {};
  }
  std::error_code error;
  for (auto entry = std::filesystem::recursive_directory_iterator(root, error);
       !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    struct stat status {};
    if (::lstat(entry->path().c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
        status.st_dev != top.st_dev) {
      return entry->path();
    }
  }
  return {};
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::uintmax_t limit) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    return fail_errno("opening " + path.string());
  }
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer, sizeof buffer);
    if (count < 0) {
      if (errno == EINTR) {
        continue;
      }
      return fail_errno("reading " + path.string());
    }
    if (count == 0) {
      return text;
    }
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > limit) {
      return fail(path.string() + " is larger than " + std::to_string(limit) + " bytes");
    }
  }
}

Result<void> write_file_atomic(const std::filesystem::path& path, std::string_view text,
                               mode_t mode) {
  const std::filesystem::path beside = path.string() + ".new";
  {
    const Fd fd(
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!fd) {
      return fail_errno("creating " + beside.string());
    }
    ISSU_TRY(write_all(fd.get(), text, beside.string()), "replacing " + path.string());
    if (::fsync(fd.get()) != 0) {
      return fail_errno("syncing " + beside.string());
    }
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    return fail_errno("renaming " + beside.string() + " to " + path.string());
  }
  const Fd folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) {
    return fail_errno("syncing the folder of " + path.string());
  }
  return {};
}

Result<void> make_dirs(const std::filesystem::path& path, mode_t mode) {
  if (path.has_parent_path() && !std::filesystem::exists(path.parent_path())) {
    ISSU_TRY(make_dirs(path.parent_path(), mode), "creating " + path.string());
  }
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return fail_errno("creating the folder " + path.string());
  }
  if (!std::filesystem::is_directory(path)) {
    return fail(path.string() + " is there and is not a folder", "move it away");
  }
  return {};
}

Result<void> remove_tree(const std::filesystem::path& path) {
  if (const auto mounted = mount_below(path); !mounted.empty()) {
    return fail(path.string() + " is not removed: something is mounted on " + mounted.string(),
                "umount " + mounted.string());
  }
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) {
    return fail("removing " + path.string() + ": " + error.message());
  }
  return {};
}

}  // namespace issu
