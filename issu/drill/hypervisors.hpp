#pragma once

#include <filesystem>
#include <string>

#include "issu/base/child.hpp"
#include "issu/base/result.hpp"

namespace issu::drill {

/// A libvirt daemon of a lab's own: its files are in `dir`, it is not the machine's, and it does
/// not share anything with another one. In place of a second machine, whose daemon would be a
/// second one by itself.
struct PrivateHypervisor {
  std::filesystem::path dir;  ///< absolute, at most 40 characters
  std::string netns;          ///< a name under /run/netns, where the taps are; empty: ours

  /// For `[vm]` of router.toml.
  [[nodiscard]] std::string uri() const {
    return "qemu+unix:///system?socket=" + (dir / "sock" / "libvirt-sock").string();
  }
  /// Starts it (again, with the machines that it had) and waits until it answers. It lives on when
  /// we end. libvirt knows two daemons apart by the UUID of their host: `number`, 0 to 9, makes it.
  Result<ProcessId> start(unsigned number) const;
  /// Ends it. Its machines live on.
  static Result<void> end(const ProcessId& process);
};

}  // namespace issu::drill
