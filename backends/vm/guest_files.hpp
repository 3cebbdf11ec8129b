#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "backends/spec.hpp"
#include "backends/suite/suite.hpp"
#include "backends/vm/domain.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::vm {

/// Where everything of one slot lies, on the host. All of it below run_dir/slot-X.
struct GuestFiles {
  explicit GuestFiles(const RouterSpec& spec, Slot slot)
      : folder(spec.run_dir / (std::string("slot-") + name_of(slot))) {}

  std::filesystem::path folder;

  [[nodiscard]] auto payload_note() const { return folder / "payload"; }  ///< what is staged
  [[nodiscard]] auto base() const { return folder / "base.qcow2"; }       ///< leads to the payload
  [[nodiscard]] auto disk() const { return folder / "disk.qcow2"; }       ///< on top of `base`
  /// A kernel of its own, beside the disk's (payload.hpp: `kernel_files`); there or not.
  [[nodiscard]] auto kernel() const { return folder / "kernel"; }
  [[nodiscard]] auto config_disk() const { return folder / "config.squashfs"; }
  [[nodiscard]] auto serial_log() const { return folder / "serial.log"; }
  [[nodiscard]] auto run() const { return folder / "run"; }  ///< sockets of the daemons
};

/// Inside the guest.
constexpr const char* guest_config = "/run/config";  ///< the configuration disk
constexpr const char* guest_init = "/run/config/issu-init";
constexpr const char* guest_prepare = "/run/config/prepare";
constexpr const char* guest_control = "/run/issu/ctl";
constexpr const char* guest_logs = "/run/issu/log";  ///< what the daemons print, a file each
constexpr const char* guest_shell = "/usr/bin/busybox";

/// The daemons' sockets on the host: the names that the suite's questions go to.
[[nodiscard]] std::vector<GuestChannel> channels_of(const RouterSpec& spec, const Suite& suite,
                                                    const GuestFiles& files);

/// The hardware address of a port, in the NPU's namespace: what the neighbours know, and so the
/// guest's, in both slots.
Result<std::string> mac_of(const RouterSpec& spec, std::size_t port);

/// Writes the configuration disk: the daemons' configuration, issu-init, and a program `prepare`
/// that names the links, sets addresses, relays the daemons' sockets to the channels and starts
/// issu-init with the daemon list that it is given.
Result<void> write_config_disk(const RouterSpec& spec, const Suite& suite, const GuestFiles& files);

}  // namespace issu::backends::vm
