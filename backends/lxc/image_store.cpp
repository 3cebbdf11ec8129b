#include "backends/lxc/image_store.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "backends/lxc/rootfs.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"

namespace issu::backends::lxc {
namespace {

namespace fs = std::filesystem;

std::string mebibytes(std::uint64_t bytes) {
  return std::to_string(bytes >> 20U) + " MiB";
}

std::uint64_t available_memory() {
  const std::string text = read_file("/proc/meminfo").value_or("");
  const auto at = text.find("MemAvailable:");
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + 13, nullptr, 10) << 10U;
}

/// In pages of 2 MiB: half a gigabyte is written in half the time. A kernel without them refuses
/// the word.
Result<void> mount_tmpfs(const fs::path& folder, std::uint64_t bytes) {
  const std::string options = "mode=0700,size=" + std::to_string(bytes);
  constexpr auto flags = MS_NODEV | MS_NOSUID | MS_NOEXEC;
  for (const std::string& pages : {std::string(",huge=always"), std::string()}) {
    if (::mount("issu-saved", folder.c_str(), "tmpfs", flags, (options + pages).c_str()) == 0) {
      return {};
    }
  }
  return fail_errno("mounting a tmpfs on " + folder.string());
}

}  // namespace

bool ImageStore::exists() const {
  return stays_ ? fs::exists(images()) : is_mounted(folder_);
}

Result<void> ImageStore::check(std::uint64_t bytes) const {
  if (stays_) {
    std::error_code error;
    const auto space = fs::space(folder_.parent_path(), error);
    if (error || space.available < bytes) {
      return fail("the saved state takes up to " + mebibytes(bytes) + " of " +
                      folder_.parent_path().string() + ", and " +
                      mebibytes(error ? 0 : space.available) + " are available",
                  "give it a larger disk");
    }
    return {};
  }
  const std::uint64_t available = available_memory();
  if (available < bytes) {
    return fail("the saved state takes up to " + mebibytes(bytes) + " of memory, and " +
                    mebibytes(available) + " are available",
                "give the machine more memory, or use the strategy restart");
  }
  return {};
}

Result<void> ImageStore::prepare(std::uint64_t bytes) {
  if (exists()) {
    ISSU_TRY(remove(), "making room for a saved state");
  }
  ISSU_TRY(check(bytes), "making room for a saved state");
  ISSU_TRY(make_dirs(folder_), "making room for a saved state");
  if (stays_) {
    return make_dirs(images());
  }
  ISSU_TRY(mount_tmpfs(folder_, bytes), "making room for a saved state");
  ISSU_TRY(make_dirs(images()), "making room for a saved state");
  const Fd fd(::open(ballast().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) {
    return fail_errno("opening " + ballast().string());
  }
  constexpr std::uint64_t spare = 8U << 20U;  // for what else lies in the store meanwhile
  const std::vector<char> block(1U << 20U);
  for (std::uint64_t done = 0; done + spare < bytes; done += block.size()) {
    if (::write(fd.get(), block.data(), block.size()) < 0) {
      return fail_errno("touching the memory of " + folder_.string());
    }
  }
  return {};
}

Result<void> ImageStore::make_room() {
  return remove_tree(ballast());
}

Result<void> ImageStore::empty() {
  for (const auto& path :
       {images(), options(), conditions(), conditions_given(), report(), written(), arrival()}) {
    ISSU_TRY(remove_tree(path), "removing an earlier state");
  }
  return make_dirs(images());
}

Result<void> ImageStore::remove() {
  if (stays_) {
    return remove_tree(folder_);
  }
  int error_number = 0;
  wait_until(
      [&] {
        if (!exists()) {
          return true;
        }
        error_number = ::umount2(folder_.c_str(), 0) == 0 ? 0 : errno;
        return error_number == 0;
      },
      Deadline::in(std::chrono::seconds(5)));
  if (exists()) {
    return fail(Error::from_errno("unmounting " + folder_.string(), error_number,
                                  "fuser -vm " + folder_.string() + " names who uses it"));
  }
  return remove_tree(folder_);
}

std::uint64_t ImageStore::bytes() const {
  std::uint64_t sum = 0;
  std::error_code error;
  for (fs::directory_iterator entry(images(), error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    const auto size = entry->file_size(ignored);
    sum += ignored ? 0 : size;
  }
  return sum;
}

}  // namespace issu::backends::lxc
