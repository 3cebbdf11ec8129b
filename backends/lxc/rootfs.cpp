#include "backends/lxc/rootfs.hpp"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <cstring>

#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"
#include "issu/base/id_map.hpp"

namespace issu::backends::lxc {
namespace {

namespace fs = std::filesystem;

constexpr unsigned loop_major = 7;

/// The device's node; made where the machine's /dev is a plain folder that lacks it.
Result<Fd> open_loop(long number) {
  const std::string path = "/dev/loop" + std::to_string(number);
  if (!fs::exists(path) &&
      ::mknod(path.c_str(), S_IFBLK | 0600, makedev(loop_major, static_cast<unsigned>(number))) !=
          0 &&
      errno != EEXIST) {
    return fail_errno("making the node " + path);
  }
  Fd device(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!device) {
    return fail_errno("opening " + path, "is root allowed to use loop devices here?");
  }
  return device;
}

struct Loop {
  Fd device;  ///< as long as it is open, the device stays, mounted or not
  std::string path;
};

/// Puts the file behind a loop device that is freed with its last user: a caller that is killed
/// right here leaves nothing.
Result<Loop> attach_loop(const fs::path& payload) {
  const Fd file(::open(payload.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    return fail_errno("opening the payload " + payload.string());
  }
  const Fd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control) {
    return fail_errno("opening /dev/loop-control", "load the kernel module loop");
  }
  loop_config config{};
  config.fd = static_cast<__u32>(file.get());
  config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
  std::strncpy(reinterpret_cast<char*>(config.info.lo_file_name), payload.c_str(),
               LO_NAME_SIZE - 1);
  // Another process can take the free device first: then the next one.
  for (int tries = 0; tries < 64; ++tries) {
    const long number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) {
      return fail_errno("asking for a free loop device");
    }
    auto device = open_loop(number);
    if (!device) {
      return fail(std::move(device).error());
    }
    if (::ioctl(device->get(), LOOP_CONFIGURE, &config) == 0) {
      return Loop{std::move(*device), "/dev/loop" + std::to_string(number)};
    }
    if (errno != EBUSY) {
      return fail_errno("putting " + payload.string() + " behind /dev/loop" +
                        std::to_string(number));
    }
  }
  return fail("no loop device stays free long enough", "run it again");
}

/// What overlayfs reads as the end of a path or of an option.
bool is_plain(const fs::path& path) {
  return path.string().find_first_of(",:\\\"") == std::string::npos;
}

Result<void> mount_overlay(const SlotFiles& files) {
  if (!is_plain(files.folder)) {
    return fail("the path " + files.folder.string() + " has a comma, colon, quote or backslash",
                "choose another run_dir");
  }
  const std::string options = "lowerdir=" + files.image().string() +
                              ",upperdir=" + files.upper().string() +
                              ",workdir=" + files.work().string();
  if (::mount("overlay", files.rootfs().c_str(), "overlay", MS_NODEV | MS_NOSUID,
              options.c_str()) != 0) {
    return fail_errno("mounting the overlay on " + files.rootfs().string(),
                      "run_dir has to be on a filesystem with extended attributes, not on an "
                      "overlay itself");
  }
  return {};
}

Result<void> unmount(const fs::path& path) {
  int error_number = 0;
  const bool gone = wait_until(
      [&] {
        if (!is_mounted(path)) {
          return true;
        }
        error_number = ::umount2(path.c_str(), 0) == 0 ? 0 : errno;
        return error_number != 0 && error_number != EBUSY;
      },
      Deadline::in(std::chrono::seconds(5)));
  if (!gone || is_mounted(path)) {
    return fail(Error::from_errno("unmounting " + path.string(), error_number,
                                  "fuser -vm " + path.string() + " names who uses it"));
  }
  return {};
}

}  // namespace

bool is_mounted(const fs::path& path) {
  auto mounts = read_file("/proc/self/mountinfo");
  std::string wanted = " ";
  for (const char letter : path.string()) {
    wanted += letter == ' ' ? "\\040" : std::string(1, letter);
  }
  return mounts && mounts->find(wanted + " ") != std::string::npos;
}

Result<void> mount_squashfs(const fs::path& payload, const fs::path& target) {
  auto loop = attach_loop(payload);
  if (!loop) {
    return fail(std::move(loop).error());
  }
  if (::mount(loop->path.c_str(), target.c_str(), "squashfs", MS_RDONLY | MS_NODEV | MS_NOSUID,
              nullptr) != 0) {
    return fail_errno("mounting " + payload.string() + " as a squashfs",
                      "is it one, of a compression that this kernel reads?");
  }
  return {};
}

Result<void> mount_rootfs(const RouterSpec& spec, const SlotFiles& files, const fs::path& payload) {
  if (is_mounted(files.rootfs())) {
    return {};
  }
  ISSU_TRY(unmount(files.image()), "clearing what was left half done");
  for (const auto& folder : {files.image(), files.rootfs()}) {
    ISSU_TRY(make_dirs(folder, 0755), "making mount points");
  }
  for (const auto& folder : {files.upper(), files.work()}) {
    if (spec.run_dir_stays && fs::exists(folder)) {
      continue;  // of the kernel before this one
    }
    ISSU_TRY(remove_tree(folder), "making a fresh writable layer");
    ISSU_TRY(make_dirs(folder, 0755), "making a fresh writable layer");
  }
  ISSU_TRY(mount_squashfs(payload, files.image()), "mounting the image");
  if (spec.first_id) {
    ISSU_TRY(map_ids(files.image(), spec.user_ns()), "mounting the image");
  }
  return mount_overlay(files);
}

Result<void> unmount_rootfs(const SlotFiles& files) {
  ISSU_TRY(unmount(files.rootfs()), "unmounting the root filesystem");
  return unmount(files.image());
}

}  // namespace issu::backends::lxc
