#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "issu/phases.hpp"
#include "issu/strategy.hpp"

namespace issu {

/// Where in a phase a fault comes.
enum class Moment {
  before,  ///< the phase is begun on disk, its step has not acted
  during,  ///< between any two acts of its step
  after,   ///< its step has acted
};

/// What can go wrong in an upgrade.
enum class Fault {
  killed,
  fails,
  hangs,
  npu_gone,
  old_side_gone,
  new_side_gone,
  probe_gone,
  disk_full,
  journal_torn,
  journal_flipped,
  peer_resets,
  peer_down,
  memory_short,
  clock_forward,
  abort_asked,
  routes_missing,
  second_fault,
};

/// One row of the fault table.
struct FaultRow {
  Fault fault;
  std::string_view name;
  std::string_view what;  ///< for people
  bool in_data_plane;     ///< packets may be lost by the fault itself
};

inline constexpr std::size_t fault_count = 17;
inline constexpr std::array<FaultRow, fault_count> fault_table{{
    {Fault::killed, "killed", "the coordinator is killed (SIGKILL)", false},
    {Fault::fails, "fails", "the step fails", false},
    {Fault::hangs, "hangs", "the step hangs past its deadline", false},
    {Fault::npu_gone, "npu-gone", "the process of the NPU is killed", true},
    {Fault::old_side_gone, "old-side-gone", "container or machine of the old side is killed",
     false},
    {Fault::new_side_gone, "new-side-gone", "container or machine of the new side is killed",
     false},
    {Fault::probe_gone, "probe-gone", "the probe is killed", false},
    {Fault::disk_full, "disk-full", "the disk of the state folder is full", false},
    {Fault::journal_torn, "journal-torn",
     "the coordinator is killed, the last record of its journal is cut short", false},
    {Fault::journal_flipped, "journal-flipped",
     "the coordinator is killed, a byte of its journal is another", false},
    {Fault::peer_resets, "peer-resets", "a peer ends its sessions and begins them again", false},
    {Fault::peer_down, "peer-down", "the link to a peer goes down and stays so", true},
    {Fault::memory_short, "memory-short", "there is no memory for anything new", false},
    {Fault::clock_forward, "clock-forward", "the clock is set forward an hour", false},
    {Fault::abort_asked, "abort-asked", "a person asks for the way back", false},
    {Fault::routes_missing, "routes-missing", "the new side knows half of the routes", false},
    {Fault::second_fault, "second-fault",
     "the step fails, and another fault comes while it is taken back", false},
}};

inline constexpr std::array<std::string_view, 3> moment_names{"before", "during", "after"};

[[nodiscard]] constexpr std::string_view name_of(Moment moment) {
  return moment_names[static_cast<std::size_t>(moment)];
}

/// One cell of the fault matrix: this fault at this moment of this phase of this strategy.
struct Cell {
  const Strategy* strategy;
  PhaseRow phase;
  Moment moment;
  FaultRow fault;
  /// "restart/freeze/during/killed"
  [[nodiscard]] std::string name() const;
};

/// Each strategy with each phase, moment and fault, in this order. Whatever is added to one of the
/// tables has its cells with that.
[[nodiscard]] std::vector<Cell> fault_matrix(std::span<const Strategy* const> strategies,
                                             std::span<const PhaseRow> phases,
                                             std::span<const FaultRow> faults);

/// The cells of the tables as they are.
[[nodiscard]] std::vector<Cell> fault_matrix();

}  // namespace issu
