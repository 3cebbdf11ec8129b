#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "issu/compare/document.hpp"

namespace issu::compare {

/// The upgrades that the study has drills play. All have the same neighbours, routes and load, and
/// the same NPU: what differs is what the router runs in, and how it is upgraded.
enum class LabKind {
  container_restart,     ///< FRR 8.4.4 to 10.3, new daemons in the other slot
  container_checkpoint,  ///< FRR 8.4.4 goes on in the other slot (CRIU)
  card_kernel,           ///< kernel 6.1 to 6.12 under containers (CRIU and kexec, in a card)
  vm_standby,            ///< FRR 8.4.4 to 10.3 in the other virtual machine
  vm_kernel,             ///< kernel 6.1 to 6.12 under the same disk, in the other virtual machine
};

struct LabFacts {
  LabKind kind;
  std::string_view name;  ///< of its scenario
  std::string_view about;
  Shape shape;
  std::string_view backend;   ///< "lxc", "vm", "card"
  std::string_view from;      ///< image
  std::string_view to;        ///< image
  std::string_view strategy;  ///< empty: the backend's usual one
  bool in_machine;            ///< a virtual machine takes part: its times are the accelerator's
};

inline constexpr std::array<LabFacts, 5> labs{{
    {LabKind::container_restart, "compare-container-restart", "FRR 8.4.4 becomes 10.3",
     Shape::container, "lxc", "frr-bookworm", "frr-trixie", "restart", false},
    {LabKind::container_checkpoint, "compare-container-checkpoint",
     "FRR 8.4.4 goes on in the other slot", Shape::container, "lxc", "frr-bookworm", "frr-bookworm",
     "checkpoint", false},
    {LabKind::card_kernel, "compare-card-kernel", "the kernel 6.1 under the daemons becomes 6.12",
     Shape::container, "card", "card-kernel-6.1-old", "card-kernel-6.12", "", true},
    {LabKind::vm_standby, "compare-vm-standby", "FRR 8.4.4 becomes 10.3", Shape::machine, "vm",
     "frr-vm-bookworm", "frr-vm-trixie", "", true},
    {LabKind::vm_kernel, "compare-vm-kernel", "the kernel 6.1 under the disk becomes 6.12",
     Shape::machine, "vm", "frr-vm-bookworm", "kernel-6.12", "", true},
}};

[[nodiscard]] constexpr const LabFacts& facts_of(LabKind kind) {
  return labs[static_cast<std::size_t>(kind)];
}

/// Routes of both neighbours together, and frames a second of all streams.
inline constexpr unsigned lab_routes = 10'000;
inline constexpr unsigned lab_pps = 20'000;

/// The text of its scenario (docs/drills.md).
[[nodiscard]] std::string scenario_text(const LabFacts& lab);

/// What a result document says of an upgrade, for the study. No value: not measured.
struct UpgradeFigures {
  std::optional<double> total_s;    ///< T4: all phases but the soak
  std::optional<double> dark_ms;    ///< sessions down, as the neighbours saw it
  std::optional<double> silent_ms;  ///< the daemons said nothing: frozen, or their sessions down
  std::optional<double> sent;
  std::optional<double> lost;
  std::optional<double> longest_gap_ms;
  std::string accelerator;
};
[[nodiscard]] UpgradeFigures figures_of(const nlohmann::ordered_json& upgrade);

}  // namespace issu::compare
