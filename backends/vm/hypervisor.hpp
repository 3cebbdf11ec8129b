#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backends/vm/domain.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::vm {

/// Where the virtual machines run.
struct HypervisorPlace {
  /// "qemu:///system", where the operator has a libvirt daemon. Empty: libvirt's own QEMU driver
  /// inside this process, with its files in `root`; the machines live on without it.
  std::string uri;
  /// At most 40 characters: names of unix sockets are made of it.
  std::filesystem::path root;
  /// The network namespace in which QEMU is started, where the taps are. Empty: this one.
  std::filesystem::path netns;
};

enum class Power { absent, off, running, paused };

/// A connection to libvirt. Its own driver is opened once in the life of a process, for one folder,
/// and shared by all objects: libvirt can't do it a second time for another folder, and no more
/// than ten times for the same.
///
/// Every verb looks at what is there and does the rest; each ends by libvirt's own time limits.
class Hypervisor {
 public:
  static Result<Hypervisor> open(const HypervisorPlace& place);
  Hypervisor(Hypervisor&&) noexcept;
  Hypervisor& operator=(Hypervisor&&) noexcept;
  ~Hypervisor();

  [[nodiscard]] Result<Power> power(const std::string& name) const;
  /// Defines the machine and starts it. One that runs is left as it is; one that was saved goes on
  /// from there.
  Result<void> start(const Domain& domain);
  /// Stops its processors at once; memory and devices stay.
  Result<void> pause(const std::string& name);
  Result<void> resume(const std::string& name);
  /// Plugs these of its links in or out, as `plugged` of each says.
  Result<void> plug(const std::string& name, const std::vector<GuestLink>& links);
  /// Whether all links of a machine that is there have their carrier.
  [[nodiscard]] Result<bool> plugged(const std::string& name) const;
  /// Ends it at once, as when power fails, and forgets it. One that is not there is fine.
  Result<void> destroy(const std::string& name);
  /// Writes its memory to a file of the hypervisor and ends it; `start` goes on from there.
  Result<void> save(const std::string& name);
  /// One command of the QEMU guest agent's protocol, and its answer, both JSON. Waits for the agent
  /// to be there.
  Result<std::string> ask_agent(const std::string& name, const std::string& command,
                                std::chrono::seconds timeout);

 private:
  struct Connection;
  explicit Hypervisor(std::shared_ptr<Connection> connection);
  static Result<std::shared_ptr<Connection>> connect(const HypervisorPlace& place);
  std::shared_ptr<Connection> connection_;
};

}  // namespace issu::backends::vm
