#pragma once

#include <filesystem>
#include <string>

#include "backends/spec.hpp"
#include "backends/suite/suite.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::lxc {

/// Where everything of one slot lies, on the host. All of it below run_dir/slot-X.
struct SlotFiles {
  explicit SlotFiles(const RouterSpec& spec, Slot slot)
      : folder(spec.run_dir / (std::string("slot-") + name_of(slot))) {}

  std::filesystem::path folder;

  [[nodiscard]] auto payload_note() const { return folder / "payload"; }  ///< what is staged
  [[nodiscard]] auto image() const { return folder / "image"; }           ///< the squashfs, mounted
  [[nodiscard]] auto upper() const { return folder / "upper"; }  ///< what the slot itself writes
  [[nodiscard]] auto work() const { return folder / "work"; }
  [[nodiscard]] auto rootfs() const { return folder / "rootfs"; }  ///< the overlay of both
  [[nodiscard]] auto config() const { return folder / "etc"; }     ///< the daemons' configuration
  [[nodiscard]] auto run() const { return folder / "run"; }        ///< the daemons' sockets
  [[nodiscard]] auto init() const { return folder / "init"; }      ///< of the container's process 1
  /// In the root filesystem: programs may be run from there, whatever is said of run_dir.
  [[nodiscard]] auto init_program() const { return rootfs() / "issu-init"; }
  [[nodiscard]] auto control() const { return init() / "ctl"; }
  [[nodiscard]] auto log_of(const std::string& daemon) const {
    return init() / "log" / (daemon + ".log");
  }
  [[nodiscard]] auto lxc_log() const { return folder / "lxc.log"; }
};

/// Makes what a container needs before it starts: the configuration copied (owned by root, as
/// daemons that gave up their right to read everything need it), the daemon list, process 1.
/// Nothing may run in the slot.
Result<void> write_slot_files(const RouterSpec& spec, const Suite& suite, const SlotFiles& files);

/// Folders and accounts that have to be in the mounted root filesystem.
Result<void> prepare_rootfs(const Suite& suite, const std::filesystem::path& rootfs);

}  // namespace issu::backends::lxc
