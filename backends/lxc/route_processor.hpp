#pragma once

#include <optional>
#include <string>

#include "backends/lxc/container.hpp"
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
  Result<std::optional<std::vector<state_sync::Prefix>>> routes(Slot slot) override;

 private:
  [[nodiscard]] lxc::SlotFiles files(Slot slot) const { return lxc::SlotFiles(spec_, slot); }
  [[nodiscard]] lxc::Container container(Slot slot) const;
  [[nodiscard]] std::string label(Slot slot) const;
  [[nodiscard]] lxc::ConfigItems config(const lxc::SlotFiles& files) const;
  /// What process 1 says; no value when it does not answer.
  [[nodiscard]] std::optional<lxc::InitStatus> ask_init(Slot slot) const;
  /// Error unless the slot's daemons were started.
  Result<void> need_active(Slot slot);

  RouterSpec spec_;
  const Suite& suite_;
};

}  // namespace issu::backends
