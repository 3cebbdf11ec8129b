#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "backends/rp.hpp"
#include "backends/vm/collector.hpp"
#include "backends/vm/domain.hpp"
#include "backends/vm/guest_files.hpp"
#include "backends/vm/hypervisor.hpp"

namespace issu::backends {

/// A slot is a virtual machine that nobody here made: it has no agent, takes no orders, and starts
/// its daemons when it starts. What is known of it is whether it runs, what it prints on its serial
/// console, and what it says over BGP to the collector on the host.
///
/// Nothing in it can be held, so `boot` leaves it off, and `fence` is the end of the machine: the
/// slot is staged afterwards, not booted.
class ForeignRouteProcessor final : public RouteProcessor {
 public:
  /// `disks`: how a slot's disk is staged and its machine ended, which takes no agent.
  ForeignRouteProcessor(RouterSpec spec, std::unique_ptr<RouteProcessor> disks)
      : spec_(std::move(spec)), disks_(std::move(disks)), collector_(spec_) {}

  [[nodiscard]] std::string backend() const override { return "vm"; }
  [[nodiscard]] std::vector<std::string> kinds() const override { return {"disk"}; }
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
  Result<void> check_standby() override { return {}; }
  Result<void> warm(Slot slot) override;
  Result<void> pause(Slot slot) override;
  Result<void> resume(Slot slot) override;

 private:
  [[nodiscard]] std::string label(Slot slot) const;
  [[nodiscard]] std::string machine(Slot slot) const;
  Result<vm::Hypervisor*> hypervisor();
  Result<vm::Power> power(Slot slot);
  Result<std::vector<vm::GuestLink>> links(Slot slot, bool plugged) const;
  /// Starts a machine that is off, its ports unplugged.
  Result<void> start(Slot slot);
  /// Waits for the words on its console.
  Result<void> wait_ready(Slot slot);
  /// All its links, the management link at both ends; the collector hears this slot from then on.
  Result<void> plug_in(Slot slot);
  Result<void> unplug(Slot slot);

  RouterSpec spec_;
  std::unique_ptr<RouteProcessor> disks_;
  vm::Collector collector_;
  std::optional<vm::Hypervisor> hypervisor_;
};

}  // namespace issu::backends
