#include "backends/lxc/slot_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "backends/suite/accounts.hpp"
#include "backends/suite/slot_parts.hpp"
#include "issu/base/file.hpp"
#include "issu/init/plan.hpp"

namespace issu::backends::lxc {
namespace {

namespace fs = std::filesystem;

Result<void> make_empty(const fs::path& folder, mode_t mode) {
  ISSU_TRY(remove_tree(folder), "emptying " + folder.string());
  return make_dirs(folder, mode);
}

/// Paths with a meaning inside the root filesystem, where a link may lead anywhere: only plain
/// folders are gone through.
Result<void> make_inside(const fs::path& rootfs, std::string_view path, mode_t mode) {
  fs::path here = rootfs;
  for (const fs::path& part : fs::path(path).relative_path()) {
    here /= part;
    struct stat status {};
    if (::lstat(here.c_str(), &status) == 0) {
      if (S_ISDIR(status.st_mode)) {
        continue;
      }
      return fail("in the image, /" + here.lexically_relative(rootfs).string() + " is not a folder",
                  "a folder is needed there");
    }
    if (::mkdir(here.c_str(), mode) != 0) {
      return fail_errno("creating " + here.string());
    }
  }
  return {};
}

/// Older programs say /var/run and mean /run.
Result<void> link_var_run(const fs::path& rootfs, std::string_view run_path) {
  ISSU_TRY(make_inside(rootfs, "/var", 0755), "preparing /var");
  const fs::path link = rootfs / "var/run";
  struct stat status {};
  if (::lstat(link.c_str(), &status) != 0) {
    if (::symlink("/run", link.c_str()) != 0) {
      return fail_errno("linking " + link.string());
    }
    return {};
  }
  if (!S_ISDIR(status.st_mode)) {
    return {};
  }
  const fs::path inner = link / fs::path(run_path).filename();
  if (::lstat(inner.c_str(), &status) == 0 && S_ISLNK(status.st_mode)) {
    return {};
  }
  ISSU_TRY(remove_tree(inner), "preparing /var/run");
  if (::symlink(std::string(run_path).c_str(), inner.c_str()) != 0) {
    return fail_errno("linking " + inner.string());
  }
  return {};
}

}  // namespace

Result<void> write_slot_files(const RouterSpec& spec, const Suite& suite, const SlotFiles& files) {
  auto plan = suite.plan(programs_below(files.rootfs()), spec.daemons, spec.npu.takes_fpm());
  if (!plan) {
    return fail(std::move(plan).error());
  }
  auto list = init::format_plan(*plan);
  if (!list) {
    return fail(std::move(list).error());
  }
  ISSU_TRY(make_empty(files.config(), 0755), "writing the slot's files");
  ISSU_TRY(copy_config(suite, spec.config_dir, files.config()), "writing the slot's files");
  if (!suite.state_path.empty()) {
    ISSU_TRY(make_dirs(spec.state_dir / "daemons", 0755), "making the daemons' state folder");
  }
  ISSU_TRY(make_empty(files.run(), 0755), "writing the slot's files");
  ISSU_TRY(make_dirs(files.init() / "log", 0755), "writing the slot's files");
  ISSU_TRY(write_file_atomic(files.init() / "daemons", *list, 0644), "writing the daemon list");
  return bring_init_program(files.init_program());
}

Result<void> prepare_rootfs(const Suite& suite, const fs::path& rootfs) {
  std::vector<std::string_view> folders{"/proc", "/sys", "/dev", "/tmp", "/run", "/issu"};
  folders.insert(folders.end(), {suite.config_path, suite.run_path});
  if (!suite.state_path.empty()) {
    folders.push_back(suite.state_path);
  }
  folders.insert(folders.end(), suite.folders.begin(), suite.folders.end());
  for (const std::string_view folder : folders) {
    ISSU_TRY(make_inside(rootfs, folder, folder == "/tmp" ? 01777 : 0755),
             "preparing the root filesystem");
  }
  ISSU_TRY(link_var_run(rootfs, suite.run_path), "preparing the root filesystem");
  return prepare_accounts(rootfs, suite.groups);
}

}  // namespace issu::backends::lxc
