#pragma once

#include <array>
#include <optional>
#include <string>

#include "backends/rp.hpp"
#include "backends/suite/suite.hpp"
#include "backends/vm/guest_agent.hpp"
#include "backends/vm/guest_files.hpp"
#include "backends/vm/hypervisor.hpp"
#include "issu/init/answers.hpp"

namespace issu::backends {

/// A slot is a virtual machine with its own kernel and network, its ports on the NPU's taps. In it,
/// issu-init holds the daemons until `activate`, as in a container; the host speaks to it through
/// the guest agent, and to the daemons through channels that end at their sockets.
class VmRouteProcessor final : public RouteProcessor {
 public:
  VmRouteProcessor(RouterSpec spec, const Suite& suite) : spec_(std::move(spec)), suite_(suite) {}

  [[nodiscard]] std::string backend() const override { return "vm"; }
  [[nodiscard]] std::vector<std::string> kinds() const override { return {"disk", "kernel"}; }
  Result<void> check() override;
  Result<void> stage(Slot slot, const StagedPayload& payload) override;
  Result<void> boot(Slot slot) override;
  Result<void> activate(Slot slot) override;
  Result<void> fence(Slot slot) override;
  Result<void> power_off(Slot slot) override;
  Result<void> unstage(Slot slot) override;
  Result<SlotStatus> status(Slot slot) override;
  Result<ControlPlaneView> control_plane(Slot slot) override;
  Result<std::optional<std::vector<state_sync::Prefix>>> routes(Slot slot) override;
  Result<void> check_standby() override;
  Result<void> warm(Slot slot) override;
  Result<void> pause(Slot slot) override;
  Result<void> resume(Slot slot) override;
  Result<SaveEstimate> check_save(Slot slot) override;
  Result<void> check_same(Slot slot, const std::filesystem::path& payload) override;
  Result<void> prepare_save(Slot slot) override;
  Result<SaveReport> save(Slot slot, Afterwards afterwards) override;
  Result<RestoreReport> restore(Slot saved_from, Slot into, Sessions sessions) override;
  Result<void> forget_saved(Slot slot) override;
  Result<MigrateCheck> check_migrate(Slot from, Slot to) override;
  Result<MigrateReport> migrate(Slot from, Slot to, const MigrateLimits& limits,
                                const std::function<bool()>& give_up) override;

 private:
  [[nodiscard]] vm::GuestFiles files(Slot slot) const { return vm::GuestFiles(spec_, slot); }
  [[nodiscard]] std::string name_for(Slot slot) const;
  /// Has the machine of this slot be the one of this name.
  Result<void> take_name(Slot slot, const std::string& name) const;
  /// Where the state of a slot's machine is kept.
  struct Saved {
    std::filesystem::path folder;
    std::filesystem::path state;  ///< there when it is whole
    std::filesystem::path name;   ///< holds the machine's name
  };
  [[nodiscard]] Saved saved(Slot slot) const;
  [[nodiscard]] bool is_saved(Slot slot) const;
  [[nodiscard]] std::string label(Slot slot) const;
  /// The slot's links, all plugged in or out.
  Result<std::vector<vm::GuestLink>> links(Slot slot, bool plugged) const;
  Result<vm::Domain> domain(Slot slot) const;
  /// The one where this slot's machine runs; connected at the first use.
  Result<vm::Hypervisor*> hypervisor(Slot slot);
  Result<vm::Power> power(Slot slot);
  /// What a program in the slot's guest said; an exit code other than 0 is an error.
  Result<std::string> in_guest(Slot slot, const std::vector<std::string>& argv,
                               std::chrono::seconds timeout);
  Result<std::string> ask_init(Slot slot, const std::string& command, std::chrono::seconds timeout);
  /// The guest's kernel in the first line, then what issu-init says of its daemons.
  Result<std::string> ask_status(Slot slot);
  Result<void> prepare_guest(Slot slot);
  /// Why a guest did not come up or went away, with what it said last on its serial port.
  [[nodiscard]] Error told_by_guest(Slot slot, Error error) const;
  /// What issu-init says of a daemon, with what that one printed last.
  Error told_by_daemon(Slot slot, Error error);
  Result<void> plug(Slot slot, bool plugged);
  Result<void> start_daemons(Slot slot);
  [[nodiscard]] vm::HostEnds ends(Slot slot) const;
  /// Whether the machine runs in `to`, after a move that may have stopped anywhere.
  Result<bool> has_moved(Slot from, Slot to);
  /// Makes room in `to` for the machine of `from`: the same disks.
  Result<void> share_disks(Slot from, Slot to) const;
  /// Error unless the slot's daemons were started; of kind timeout where its guest agent, who
  /// could tell, does not answer.
  Result<void> need_active(Slot slot);

  static constexpr std::chrono::seconds answers_within{20};

  RouterSpec spec_;
  const Suite& suite_;
  std::array<std::optional<vm::Hypervisor>, 2> hypervisors_;
};

}  // namespace issu::backends
