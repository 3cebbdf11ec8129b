#include "issu/cli/matrix_scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace issu::cli {
namespace {

/// Small, so that a cell takes half a minute: 1,000 routes a side, a frame a millisecond.
constexpr std::string_view lab = R"([lab]
suite = "frr"
image = "frr-bookworm"
timers = {{ converge_s = 60, quiet_s = 3, soak_s = 5 }}
{}
[[lab.peer]]
name = "east"
daemon = "bird"
announce = [{{ first = "10.0.0.0/24", count = 1000 }}]

[[lab.peer]]
name = "west"
daemon = "bird"
announce = [{{ first = "10.128.0.0/24", count = 1000 }}]

[[lab.stream]]
from = "east"
to = "west"
family = 4
rate_pps = 1000

)";

std::string expect(std::string_view what, std::string_view path, std::string_view bound) {
  return fmt::format("[[expect]]\nwhat = \"{}\"\npath = \"{}\"\n{}\n\n", what, path, bound);
}

std::string ends(std::string_view outcome, bool in_data_plane) {
  std::string text =
      expect("it ends " + std::string(outcome), "outcome", fmt::format("equals = \"{}\"", outcome));
  if (!in_data_plane) {
    text += expect("the data plane was measured", "data_plane.measured", "equals = true");
    text += expect("no packet was lost", "data_plane.lost", "equals = 0");
  }
  return text + expect("no route is missing", "npu.routes_after", "at_least = 2000");
}

/// The journal's record that says that a phase is begun: the first is "opened", each phase has two.
std::size_t record_of(const Cell& cell) {
  const std::size_t index = static_cast<std::size_t>(cell.phase.phase);
  return 2 + 2 * index + (cell.moment == Moment::after ? 1 : 0);
}

std::string upgrade(const Cell& cell, std::string_view image, std::string_view more) {
  return fmt::format(
      "[[step]]\nname = \"upgrade\"\nupgrade = \"{}\"\n"
      "args = [\"--strategy\", \"{}\"{}]\n{}\n\n",
      image, cell.strategy->name,
      more.starts_with("until") ? ", \"--soak\", \"60s\""
                                : ", \"--auto-accept\", \"--soak\", \"2s\"",
      more);
}

std::string killed(const Cell& cell, std::string_view image) {
  return upgrade(cell, image, fmt::format("kill_after_record = {}", record_of(cell))) +
         "[[step]]\nresume = true\n\n";
}

/// The payload that runs, for daemons that go on; another one for new daemons.
std::string_view good_image(const Cell& cell) {
  return cell.strategy->name == "restart" ? "frr-trixie" : "frr-bookworm";
}

std::optional<std::string> steps_of(const Cell& cell) {
  const bool restart = cell.strategy->name == "restart";
  const Phase phase = cell.phase.phase;
  const bool during = cell.moment == Moment::during;
  switch (cell.fault.fault) {
    case Fault::killed:
      if (!during) {
        return killed(cell, good_image(cell)) + ends("committed", false);
      }
      break;
    case Fault::abort_asked:
      // Shorter phases are over before the drill sees them.
      if (during && (phase == Phase::reconcile || phase == Phase::soak)) {
        return upgrade(cell, good_image(cell),
                       fmt::format("until = \"{}\"\nexit_code = 1", cell.phase.name)) +
               "[[step]]\nabort = true\n\n" + ends("rolled-back", false);
      }
      break;
    case Fault::npu_gone:
      if (during && phase == Phase::soak) {
        return upgrade(cell, good_image(cell), "until = \"soak\"") +
               "[[step]]\nnpu = \"kill\"\n\n[[step]]\naccept = true\n\n" + ends("committed", true);
      }
      break;
    case Fault::fails:
      if (during && restart && phase == Phase::reconcile) {
        return upgrade(cell, "frr-broken-exits", "exit_code = 1") + ends("rolled-back", false);
      }
      break;
    case Fault::routes_missing:
      if (during && restart && phase == Phase::reconcile) {
        return upgrade(cell, "frr-broken-half", "exit_code = 1") + ends("rolled-back", false);
      }
      break;
    default:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> scenario_of(const Cell& cell) {
  constexpr std::array<std::string_view, 2> of_containers{"restart", "checkpoint"};
  if (std::find(of_containers.begin(), of_containers.end(), cell.strategy->name) ==
      of_containers.end()) {
    return std::nullopt;
  }
  const auto steps = steps_of(cell);
  if (!steps) {
    return std::nullopt;
  }
  const bool npu = cell.fault.fault == Fault::npu_gone;
  std::string name = cell.name();
  std::replace(name.begin(), name.end(), '/', '-');
  return fmt::format("name = \"{}\"\nabout = \"{}: {}, {} its step\"\n\n", name, cell.phase.name,
                     cell.fault.what, name_of(cell.moment)) +
         fmt::format(fmt::runtime(lab), npu ? "npu = \"soft\"\nengine = \"packet\"\n"
                                              "budget = { lost_packets = 100000 }\n"
                                            : "") +
         *steps;
}

bool is_chosen(const Cell& cell) {
  constexpr std::array<std::string_view, 6> chosen{
      "restart/switchover/before/killed",     "restart/commit/before/killed",
      "restart/reconcile/during/fails",       "restart/soak/during/npu-gone",
      "restart/reconcile/during/abort-asked", "checkpoint/freeze/after/killed",
  };
  return std::find(chosen.begin(), chosen.end(), cell.name()) != chosen.end();
}

}  // namespace issu::cli
