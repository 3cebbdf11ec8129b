#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "backends/rp.hpp"
#include "backends/suite/suite.hpp"
#include "backends/vm/card_files.hpp"
#include "backends/vm/guest_agent.hpp"
#include "backends/vm/hypervisor.hpp"

namespace issu::backends {

/// The route processor is a machine of its own, a card, in which the daemons run in containers; its
/// slots are two kernels. One of them runs. A state that was saved under one goes on under the
/// other: the card starts it in place of its own (kexec), the daemons are restored there. A payload
/// is a kernel: a squashfs with vmlinuz and initrd.
///
/// The card is a virtual machine here. What is in it is `backends/card`; each verb is one call of
/// that program through the guest agent.
class CardRouteProcessor final : public RouteProcessor {
 public:
  CardRouteProcessor(RouterSpec spec, const Suite& suite) : spec_(std::move(spec)), suite_(suite) {}

  [[nodiscard]] std::string backend() const override { return "card"; }
  [[nodiscard]] std::vector<std::string> kinds() const override { return {"kernel"}; }
  Result<void> check() override;
  Result<void> stage(Slot slot, const StagedPayload& payload) override;
  /// With the other slot's daemons running: an error, a card runs one kernel.
  Result<void> boot(Slot slot) override;
  Result<void> activate(Slot slot) override;
  Result<void> fence(Slot slot) override;
  Result<void> power_off(Slot slot) override;
  Result<void> unstage(Slot slot) override;
  Result<SlotStatus> status(Slot slot) override;
  Result<ControlPlaneView> control_plane(Slot slot) override;
  Result<std::optional<std::vector<state_sync::Prefix>>> routes(Slot slot) override;
  // card_saved.cpp
  Result<SaveEstimate> check_save(Slot slot) override;
  Result<void> check_same(Slot slot, const std::filesystem::path& payload) override;
  Result<void> prepare_save(Slot slot) override;
  Result<SaveReport> save(Slot slot, Afterwards afterwards) override;
  Result<RestoreReport> restore(Slot saved_from, Slot into, Sessions sessions) override;
  Result<void> forget_saved(Slot slot) override;

 private:
  [[nodiscard]] vm::CardFiles files() const { return vm::CardFiles(spec_); }
  [[nodiscard]] std::string machine() const { return "issu-" + spec_.name; }
  /// Where a kernel runs that is started on a card that was off.
  [[nodiscard]] card::MemoryHalf memory() const {
    return {card::MemoryHalf::lower, spec_.vm.memory_mib};
  }
  [[nodiscard]] std::string label(Slot slot) const;
  [[nodiscard]] std::vector<vm::GuestLink> links() const;
  [[nodiscard]] vm::Domain domain(Slot slot, const std::string& words) const;
  /// Connected at the first use.
  Result<vm::Hypervisor*> hypervisor();
  /// Starts the card, off before, with the slot's kernel and these words; returns when its agent
  /// answers.
  Result<void> start(Slot slot, const std::string& words);
  Result<void> destroy();
  /// What a verb of the program in the card says; where it ends with an error, that.
  Result<nlohmann::json> in_card(const std::vector<std::string>& words,
                                 std::chrono::seconds timeout);
  /// What it says of itself; no value when it is off or does not answer.
  std::optional<nlohmann::json> look();
  /// Error unless the card runs under this slot's kernel.
  Result<nlohmann::json> need_kernel(Slot slot);
  Result<void> need_active(Slot slot);
  /// Waits until the card runs under this slot's kernel; what it says of itself then.
  Result<nlohmann::json> wait_for_kernel(Slot slot);
  Result<void> kexec(Slot from, Slot into);
  /// What the card says of a restore, whichever of the ways it takes.
  Result<nlohmann::json> restored(Slot saved_from, Slot into, Sessions sessions);

  RouterSpec spec_;
  const Suite& suite_;
  std::optional<vm::Hypervisor> hypervisor_;
};

}  // namespace issu::backends
