#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/spec.hpp"
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

/// How a machine is to move to another hypervisor.
struct Move {
  std::string new_name;          ///< there
  HostEnds from, to;             ///< `to` is there already, whole, but for sockets and log
  std::filesystem::path stream;  ///< a unix socket for the machine's state, made for it
  MigrateLimits limits;
  std::function<bool()> give_up;  ///< asked again and again; empty: never
  /// It runs while it is copied, without hardware acceleration too: there QEMU 7.2 can forget that
  /// a page was written, and what arrives is not what ran. Else such a machine stands still.
  bool live_without_kvm = false;
};

/// What libvirt counted in a move that was completed.
struct MoveCounts {
  double total_ms = 0;
  double setup_ms = 0;
  double downtime_ms = 0;        ///< it ran neither here nor there
  std::uint64_t bytes = 0;       ///< sent
  std::uint64_t memory = 0;      ///< bytes that it has
  std::uint64_t iterations = 0;  ///< passes over its memory
};

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

  /// Whether the connection still stands: a libvirt that ended takes it along.
  [[nodiscard]] bool alive() const;
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

  /// Writes a machine's state to a file and ends it.
  Result<void> save_to(const std::string& name, const std::filesystem::path& file);
  /// Writes a running machine's state to a file; it runs on, and stands still for a moment at most.
  Result<void> copy_to(const std::string& name, const std::filesystem::path& file);
  /// A machine goes on from its state in a file, under the name that it had, with other ends on the
  /// host. The file stays.
  Result<void> restore_from(const std::filesystem::path& file, const HostEnds& from,
                            const HostEnds& to, bool plugged);

  /// "libvirt 9.0.0 with QEMU 7.2.22 at qemu:///system"
  Result<std::string> describe() const;
  /// Everything that keeps a running machine from moving to another hypervisor, all at once: one
  /// that can't take any in, the same one, another board, fewer features of the processor.
  Result<void> check_move(const std::string& name, const Hypervisor& other) const;
  /// Moves a running machine to another hypervisor while it runs; it is gone here then. Gives up by
  /// the limits, or when either libvirt is not there any more: `settle` then finds where it is.
  Result<void> move(const std::string& name, Hypervisor& other, const Move& how);
  /// After a move that may have been interrupted at any moment: the machine runs on either here or
  /// there, and is gone at the other. Gives back whether it is there.
  Result<bool> settle(const std::string& name, Hypervisor& other, const std::string& new_name);
  /// Of the last move of a machine to here; no value where libvirt does not know.
  Result<std::optional<MoveCounts>> counts(const std::string& name) const;
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
