#include "tests/bench/checkpoint/lxc_program.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include "backends/lxc/cgroups.hpp"
#include "backends/lxc/conditions.hpp"
#include "backends/lxc/container.hpp"
#include "backends/lxc/host_check.hpp"
#include "backends/lxc/image_store.hpp"
#include "backends/lxc/slot_files.hpp"
#include "backends/suite/suite.hpp"
#include "checkpoint/criu.hpp"
#include "checkpoint/criu_files.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"

namespace issu::bench {
namespace {

namespace fs = std::filesystem;
using backends::RouterSpec;
using backends::lxc::CriuCall;
using backends::lxc::SlotFiles;

/// A file of options, as an administrator has one: the program reads LXCPATH/NAME/config.
std::string config_of(const RouterSpec& spec, const SlotFiles& files) {
  const auto* suite = backends::find_suite(spec.suite);
  const auto bind = [](const fs::path& from, std::string_view to, const char* options) {
    return "lxc.mount.entry = " + from.string() + " " + std::string(to.substr(1)) + " none " +
           options + " 0 0\n";
  };
  return "lxc.rootfs.path = dir:" + files.rootfs().string() + "\nlxc.uts.name = " + spec.name +
         "\nlxc.init.cmd = /issu-init /issu\nlxc.namespace.share.net = " +
         NetNs::path_of(spec.netns).string() +
         "\nlxc.console.path = none\nlxc.tty.max = 0\nlxc.mount.auto = proc:mixed sys:ro\n" +
         bind(files.init(), "/issu", "bind,create=dir") +
         bind(files.config(), suite->config_path, "bind,ro,create=dir") +
         bind(files.run(), suite->run_path, "bind,create=dir") +
         (backends::lxc::has_apparmor() ? "lxc.apparmor.profile = unconfined\n" : "");
}

/// A tmpfs as it is mounted by hand, gone at the end.
class Folder {
 public:
  static Result<Folder> mount(const fs::path& path) {
    ISSU_TRY(make_dirs(path), "a folder for the images of lxc-checkpoint");
    if (::mount("images", path.c_str(), "tmpfs", 0, "mode=0700,size=90%") != 0) {
      return fail_errno("mounting a tmpfs on " + path.string());
    }
    return Folder(path);
  }
  Folder(Folder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Folder& operator=(Folder&&) = delete;
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    if (!path_.empty()) {
      ::umount2(path_.c_str(), MNT_DETACH);
      ::rmdir(path_.c_str());
    }
  }

 private:
  explicit Folder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

/// Runs it with the namespace open as CRIU will look for it; how long it took, in ms.
Result<double> timed(const Argv& words, const RouterSpec& spec, const fs::path& options,
                     const std::string& path_variable) {
  Argv argv{"bash", "-c",
            "exec " + std::to_string(CriuCall::inherited_netns) +
                "<\"$0\" </dev/null >/dev/null 2>&1; exec \"$@\"",
            NetNs::path_of(spec.netns).string()};
  argv.insert(argv.end(), words.begin(), words.end());
  RunOptions how;
  how.timeout = std::chrono::minutes(2);
  how.environment = {path_variable, "CRIU_CONFIG_FILE=" + options.string()};
  const MonoNs from = mono_now();
  auto done = run_checked(argv, how);
  if (!done) {
    return fail(std::move(done).error());
  }
  return to_ms(mono_now() - from);
}

std::uint64_t bytes_in(const fs::path& folder) {
  std::uint64_t sum = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    sum += entry.file_size(ignored);
  }
  return sum;
}

}  // namespace

Result<LxcReport> lxc_checkpoint(const RouterSpec& spec, backends::Slot slot) {
  const SlotFiles files(spec, slot);
  const fs::path containers = spec.run_dir / "lxc";
  const std::string name = "issu-" + spec.name + "-" + backends::name_of(slot);
  backends::lxc::Container container(name, containers);
  auto criu = checkpoint::locate_criu();
  if (!criu) {
    return fail(std::move(criu).error());
  }
  const std::string path = checkpoint::criu_path_variable(*criu);
  const fs::path work = spec.run_dir / "lxc-checkpoint";
  auto folder = Folder::mount(work);
  if (!folder) {
    return fail(std::move(folder).error());
  }
  const fs::path images = work / "images";
  const fs::path options = work / "criu.conf";
  ISSU_TRY(make_dirs(images), "");
  ISSU_TRY(make_dirs(containers / name, 0755), "");
  ISSU_TRY(write_file_atomic(containers / name / "config", config_of(spec, files)), "");
  const pid_t init_pid = container.init_pid();
  const std::string group = backends::lxc::unified_group_of(init_pid);
  auto dump = checkpoint::dump_options({NetNs::path_of(spec.netns), group});
  if (!dump) {
    return fail(std::move(dump).error());
  }
  ISSU_TRY(write_file_atomic(options, *dump), "");
  backends::lxc::Conditions conditions(work / "conditions", spec.netns, spec.name);
  ISSU_TRY(conditions.take(init_pid), "before lxc-checkpoint");

  const Argv common{"lxc-checkpoint", "-n", name, "-P", containers.string(), "-D", images.string()};
  const auto with = [&](const std::string& word) {
    Argv words = common;
    words.push_back(word);
    return words;
  };
  auto dumped = timed(with("-s"), spec, options, path);
  if (!dumped) {
    (void)conditions.give_back(container.init_pid());
    return pass(std::move(dumped).error(), "lxc-checkpoint -s");
  }
  LxcReport report;
  report.dump_ms = *dumped;
  auto stats = checkpoint::read_dump_stats(images);
  if (!stats) {
    return fail(std::move(stats).error());
  }
  report.frozen_ms = stats->freezing_ms + stats->frozen_ms;
  report.bytes = bytes_in(images);
  ISSU_TRY(backends::lxc::remove_cgroups(name), "");
  ISSU_TRY(
      write_file_atomic(options, checkpoint::restore_options({NetNs::path_of(spec.netns), group},
                                                             CriuCall::inherited_netns, false)),
      "");
  auto restored = timed(with("-r"), spec, options, path);
  if (!restored) {
    return pass(std::move(restored).error(), "lxc-checkpoint -r");
  }
  report.restore_ms = *restored;
  ISSU_TRY(conditions.give_back(container.init_pid()), "after lxc-checkpoint");
  ISSU_TRY(remove_tree(containers / name), "");
  return report;
}

}  // namespace issu::bench
