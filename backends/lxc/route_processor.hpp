#pragma once

#include <optional>
#include <string>

#include "backends/lxc/conditions.hpp"
#include "backends/lxc/container.hpp"
#include "backends/lxc/image_store.hpp"
#include "backends/lxc/init_client.hpp"
#include "backends/lxc/slot_files.hpp"
#include "backends/rp.hpp"
#include "backends/suite/suite.hpp"

namespace issu::backends {

/// A slot is a container without a network of its own: it runs in the chassis' namespace. Its
/// process 1 (issu-init) holds the daemons until `activate`, so that what is dark is only the
/// daemons' own start. Nothing is remembered here: each verb looks at mounts, at liblxc and at
/// process 1.
class LxcRouteProcessor final : public RouteProcessor {
 public:
  LxcRouteProcessor(RouterSpec spec, const Suite& suite) : spec_(std::move(spec)), suite_(suite) {}

  [[nodiscard]] std::string backend() const override { return "lxc"; }
  Result<void> check() override;
  Result<void> stage(Slot slot, const StagedPayload& payload) override;
  Result<void> boot(Slot slot) override;
  Result<void> activate(Slot slot) override;
  Result<void> fence(Slot slot) override;
  Result<void> power_off(Slot slot) override;
  Result<void> unstage(Slot slot) override;
  Result<SlotStatus> status(Slot slot) override;
  Result<ControlPlaneView> control_plane(Slot slot) override;
  Result<std::optional<std::string>> running_config(Slot slot) override;
  Result<std::optional<std::vector<state_sync::Prefix>>> routes(Slot slot) override;
  // saved_slot.cpp
  Result<SaveEstimate> check_save(Slot slot) override;
  Result<void> check_same(Slot slot, const std::filesystem::path& payload) override;
  Result<void> prepare_save(Slot slot) override;
  Result<SaveReport> save(Slot slot, Afterwards afterwards) override;
  Result<RestoreReport> restore(Slot saved_from, Slot into, Sessions sessions) override;
  Result<void> forget_saved(Slot slot) override;
  // exported_state.cpp
  Result<std::filesystem::path> export_saved(Slot slot) override;
  Result<std::filesystem::path> room_for_saved(Slot slot, std::uint64_t bytes) override;
  Result<void> import_saved(Slot slot) override;

 private:
  [[nodiscard]] lxc::SlotFiles files(Slot slot) const { return lxc::SlotFiles(spec_, slot); }
  [[nodiscard]] lxc::Container container(Slot slot) const;
  [[nodiscard]] std::string label(Slot slot) const;
  [[nodiscard]] lxc::ConfigItems config(const lxc::SlotFiles& files) const;
  /// What process 1 says; no value when it does not answer.
  [[nodiscard]] std::optional<lxc::InitStatus> ask_init(Slot slot) const;
  /// Error unless the slot's daemons were started.
  Result<void> need_active(Slot slot);
  [[nodiscard]] lxc::ImageStore store(Slot slot) const;
  [[nodiscard]] lxc::Conditions conditions(Slot slot) const;
  [[nodiscard]] lxc::CriuCall criu_call(const lxc::ImageStore& store, Slot slot) const;
  /// Whether a whole state of it is there to go back to: it does not run, or runs on by intent.
  [[nodiscard]] bool is_saved(Slot slot) const;
  /// The container of `into`, running again. What a first try said before, if it was the second.
  Result<std::string> bring_back(Slot saved_from, Slot into, Sessions sessions);

  RouterSpec spec_;
  const Suite& suite_;
};

}  // namespace issu::backends
