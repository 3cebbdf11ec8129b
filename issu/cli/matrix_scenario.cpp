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
timers = {{ converge_s = {}, quiet_s = 3, soak_s = 5{} }}
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

/// What of the lab is otherwise than usual.
struct LabWords {
  unsigned converge_s = 60;
  std::string_view deadline;  ///< of the cell's phase, in seconds; empty: the phase table's
  std::string_view lines;
};

LabWords lab_of(const Cell& cell) {
  const bool npu = cell.fault.fault == Fault::npu_gone ||
                   (cell.fault.fault == Fault::hangs && cell.moment == Moment::during);
  LabWords words;
  if (npu) {
    words.lines = "npu = \"soft\"\nengine = \"packet\"\nbudget = { lost_packets = 1000000 }\n";
  }
  switch (cell.fault.fault) {
    case Fault::hangs:
      words.converge_s = 12;
      words.deadline = npu ? "2" : "6";
      break;
    case Fault::disk_full:
      words.lines = "state_mib = 64\n";
      break;
    case Fault::peer_down:
      words.lines = "budget = { lost_packets = 1000000 }\n";
      break;
    default:
      break;
  }
  return words;
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

/// The upgrade is in its soak, this happens, and it goes back by itself.
std::string goes_back_from(const Cell& cell, std::string_view image, std::string_view faults) {
  return upgrade(cell, image, fmt::format("until = \"{}\"\nexit_code = 1", cell.phase.name)) +
         std::string(faults) + "[[step]]\nresume = true\nexit_code = 1\n\n";
}

/// Its step never comes back: it is ended. What is not done yet goes back, commit is done again.
std::string hung(const Cell& cell, std::string_view image) {
  const bool forward = !cell.phase.reversible;
  // What was before is written down at the end of checkpoint; sooner there is nothing to compare.
  const bool compared = cell.phase.phase > Phase::checkpoint;
  return upgrade(
             cell, image,
             fmt::format("{} = {}\nexit_code = {}",
                         cell.moment == Moment::before ? "hang_after_record" : "hang_before_record",
                         record_of(cell), forward ? 0 : 1)) +
         (compared ? ends(forward ? "committed" : "rolled-back", false)
                   : expect("it ends rolled-back", "outcome", "equals = \"rolled-back\""));
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
      if (during && phase == Phase::reconcile && restart) {
        // What the new side said while there was no npud was not heard: no evidence.
        return goes_back_from(cell, good_image(cell), "[[step]]\nnpu = \"kill\"\n\n") +
               ends("rolled-back", true);
      }
      break;
    case Fault::hangs:
      if (!during && phase >= Phase::stage) {
        return hung(cell, good_image(cell));
      }
      if (restart && phase == Phase::reconcile) {
        return goes_back_from(cell, good_image(cell),
                              "[[step]]\nfault = \"stop\"\ndaemon = \"npud\"\n\n"
                              "[[step]]\nwait = \"18s\"\n\n"
                              "[[step]]\nfault = \"continue\"\ndaemon = \"npud\"\n\n") +
               ends("rolled-back", true);
      }
      break;
    case Fault::disk_full:
      // Nothing that the upgrade still has to write needs room that was not taken before.
      if (during && phase == Phase::soak) {
        return upgrade(cell, good_image(cell), "until = \"soak\"") +
               "[[step]]\nfault = \"fill\"\n\n[[step]]\nwait = \"4s\"\n\n"
               "[[step]]\naccept = true\n\n" +
               ends("committed", false);
      }
      break;
    case Fault::peer_down:
      if (during && phase == Phase::soak) {
        return goes_back_from(cell, good_image(cell),
                              "[[step]]\nfault = \"unplug\"\npeer = \"west\"\n\n"
                              "[[step]]\nwait = \"2s\"\n\n"
                              "[[step]]\nfault = \"plug\"\npeer = \"west\"\n\n") +
               ends("rolled-back", true);
      }
      break;
    case Fault::memory_short:
      if (during && phase == Phase::soak && restart) {
        return goes_back_from(cell, good_image(cell),
                              "[[step]]\nfault = \"starve\"\ndaemon = \"bgpd\"\n\n"
                              "[[step]]\nfault = \"announce-more\"\npeer = \"east\"\n\n") +
               ends("rolled-back", false);
      }
      break;
    case Fault::clock_forward:
      if (!during) {
        return upgrade(cell, good_image(cell),
                       fmt::format("clock_after_record = {}", record_of(cell))) +
               ends("committed", false);
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
  const LabWords words = lab_of(cell);
  std::string name = cell.name();
  std::replace(name.begin(), name.end(), '/', '-');
  const std::string deadline =
      words.deadline.empty()
          ? ""
          : fmt::format(", deadlines = {{ {} = {} }}", cell.phase.name, words.deadline);
  return fmt::format("name = \"{}\"\nabout = \"{}: {}, {} its step\"\n\n", name, cell.phase.name,
                     cell.fault.what, name_of(cell.moment)) +
         fmt::format(fmt::runtime(lab), words.converge_s, deadline, words.lines) + *steps;
}

bool is_chosen(const Cell& cell) {
  constexpr std::array<std::string_view, 10> chosen{
      "restart/switchover/before/killed",     "restart/commit/before/killed",
      "restart/reconcile/during/fails",       "restart/soak/during/npu-gone",
      "restart/reconcile/during/abort-asked", "checkpoint/freeze/after/killed",
      "restart/freeze/before/hangs",          "restart/soak/during/disk-full",
      "restart/soak/during/peer-down",        "restart/soak/during/memory-short",
  };
  return std::find(chosen.begin(), chosen.end(), cell.name()) != chosen.end();
}

}  // namespace issu::cli
