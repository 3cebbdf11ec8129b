#include "backends/npu/soft/engine/bpf_file_system.hpp"

#include <bpf/bpf.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "issu/base/file.hpp"

namespace issu::backends::soft {
namespace {

bool is_mounted(const std::filesystem::path& folder) {
  struct statfs status {};
  return ::statfs(folder.c_str(), &status) == 0 && status.f_type == BPF_FS_MAGIC;
}

}  // namespace

Result<void> mount_bpf(const std::filesystem::path& folder) {
  if (is_mounted(folder)) {
    return {};
  }
  ISSU_TRY(make_dirs(folder), "a place for pins");
  if (::mount("bpf", folder.c_str(), "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") != 0) {
    return fail_errno("mounting a BPF file system at " + folder.string(),
                      "it takes CAP_SYS_ADMIN and a kernel with CONFIG_BPF_SYSCALL");
  }
  return {};
}

Result<void> unmount_bpf(const std::filesystem::path& folder) {
  // The pins end with the file system, and what only they kept ends with them.
  while (is_mounted(folder)) {
    if (::umount2(folder.c_str(), MNT_DETACH) != 0) {
      return fail_errno("unmounting " + folder.string());
    }
  }
  std::error_code error;
  std::filesystem::remove(folder, error);
  return {};
}

Result<Fd> open_pin(const std::filesystem::path& pin) {
  Fd fd(::bpf_obj_get(pin.c_str()));
  if (!fd && errno != ENOENT) {
    return fail_errno("opening the pin " + pin.string());
  }
  return fd;
}

Result<void> make_pin(int fd, const std::filesystem::path& pin) {
  if (::unlink(pin.c_str()) != 0 && errno != ENOENT) {
    return fail_errno("replacing the pin " + pin.string());
  }
  if (::bpf_obj_pin(fd, pin.c_str()) != 0) {
    return fail_errno("pinning " + pin.string());
  }
  return {};
}

}  // namespace issu::backends::soft
