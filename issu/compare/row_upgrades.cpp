#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "issu/compare/rows.hpp"
#include "issu/report/figures.hpp"

namespace issu::compare {
namespace {

using Read = std::optional<double> UpgradeFigures::*;

struct Line {
  const char* name;
  const char* unit;
  Read read;
  const char* how;
};

constexpr std::array<Line, 4> lines{{
    {"time, without the soak", "s", &UpgradeFigures::total_s, "T4 of RFC 7654"},
    {"downtime: sessions down at the neighbours", "ms", &UpgradeFigures::dark_ms,
     "control_plane.dark_ms, as the neighbours saw it"},
    {"daemons silent, whether a session went down or not", "ms", &UpgradeFigures::silent_ms,
     "control_plane.frozen_ms where they were frozen, else dark_ms"},
    {"packets lost", "packets", &UpgradeFigures::lost, "data_plane.lost, outside the router"},
}};

Side side_of(const Played& played, const LabFacts& lab, const Line& line, const std::string& why) {
  std::vector<double> values;
  std::string accelerator;
  for (const auto& upgrade : played.upgrades) {
    const UpgradeFigures figures = figures_of(upgrade);
    if (const auto value = figures.*line.read) {
      values.push_back(*value);
    }
    accelerator = figures.accelerator;
  }
  const std::string reason = played.upgrades.empty()
                                 ? (played.why_not.empty() ? why : played.why_not)
                                 : "its result documents have no such figure";
  Side side = median(std::move(values), std::string(lab.about) + "; " + line.how, reason);
  side.accelerator = lab.in_machine ? (accelerator.empty() ? "tcg" : accelerator) : "";
  side.evidence = side.measured() ? played.evidence : "";
  return side;
}

void upgrade_row(Study& study, Row& row, LabKind container, LabKind machine) {
  Turns turns = study.turns(study.options().runs);
  while (turns.next()) {
    for (const LabKind kind : {container, machine}) {
      if (study.wants(facts_of(kind).shape) && !study.interrupt().came()) {
        study.play(kind);
      }
    }
    study.say(std::to_string(turns.taken()) + " of " + std::to_string(study.options().runs) +
              " upgrades of each");
  }
  const std::string why = study.why_stopped();
  for (const Line& line : lines) {
    Figure figure{line.name, line.unit, {}, {}};
    for (const LabKind kind : {container, machine}) {
      const LabFacts& lab = facts_of(kind);
      figure.side(lab.shape) = study.wants(lab.shape) ? side_of(study.played(kind), lab, line, why)
                                                      : Study::not_wanted();
    }
    row.figures.push_back(std::move(figure));
  }
}

/// Sums over all upgrades of one shape that the study has played.
struct Total {
  double lost = 0;
  double sent = 0;
  double longest_gap_ms = 0;
  unsigned upgrades = 0;
  unsigned unmeasured = 0;
  unsigned in_machine = 0;  ///< in which a virtual machine took part
  std::string accelerator;
  std::string evidence;
  std::string why_not;
};

Total total_of(Study& study, Shape shape) {
  Total total;
  for (const LabFacts& lab : labs) {
    if (lab.shape != shape) {
      continue;
    }
    const Played& played = study.played(lab.kind);
    for (const auto& upgrade : played.upgrades) {
      const UpgradeFigures figures = figures_of(upgrade);
      ++total.upgrades;
      if (!figures.lost || !figures.sent) {
        ++total.unmeasured;
        continue;
      }
      total.lost += *figures.lost;
      total.sent += *figures.sent;
      total.longest_gap_ms = std::max(total.longest_gap_ms, figures.longest_gap_ms.value_or(0));
      total.accelerator = lab.in_machine ? figures.accelerator : total.accelerator;
      total.in_machine += lab.in_machine ? 1 : 0;
    }
    if (!played.evidence.empty()) {
      total.evidence += (total.evidence.empty() ? "" : ", ") + played.evidence;
    }
    total.why_not = played.why_not.empty() ? total.why_not : played.why_not;
  }
  return total;
}

}  // namespace

void measure_kernel_upgrade(Study& study, Row& row) {
  upgrade_row(study, row, LabKind::card_kernel, LabKind::vm_kernel);
  row.notes.emplace_back(
      "The kernel under the containers is that of a card, a virtual machine, because a running "
      "host can't be given another one for a measurement: both sides are under TCG here. The "
      "card's "
      "daemons are saved and restored with their sessions; the other virtual machine boots the new "
      "kernel beside the one that runs, and its sessions come back by graceful restart.");
}

void measure_image_upgrade(Study& study, Row& row) {
  upgrade_row(study, row, LabKind::container_restart, LabKind::vm_standby);
  row.notes.emplace_back(
      "A container's daemons end and the new ones start on the same ports; the other virtual "
      "machine is up before the first stands still, so its boot is in the time, not in the "
      "downtime.");
}

void measure_data_plane_loss(Study& study, Row& row) {
  // Those that other rows have played count; what nobody has played is played once.
  for (const LabFacts& lab : labs) {
    if (study.wants(lab.shape) && study.played(lab.kind).upgrades.empty() &&
        !study.interrupt().came()) {
      study.play(lab.kind);
    }
  }
  Figure lost{"packets lost, all upgrades of the study", "packets", {}, {}};
  Figure sent{"of packets sent", "packets", {}, {}};
  Figure gap{"longest gap", "ms", {}, {}};
  for (const Shape shape : {Shape::container, Shape::machine}) {
    const Total total = total_of(study, shape);
    const std::array<std::pair<Figure*, double>, 3> figures{
        {{&lost, total.lost}, {&sent, total.sent}, {&gap, total.longest_gap_ms}}};
    for (const auto& [figure, value] : figures) {
      Side& side = figure->side(shape);
      if (!study.wants(shape)) {
        side = Study::not_wanted();
      } else if (total.upgrades == 0) {
        side = not_measured(total.why_not.empty() ? study.why_stopped() : total.why_not);
      } else if (total.unmeasured != 0) {
        side = not_measured(std::to_string(total.unmeasured) + " of " +
                            std::to_string(total.upgrades) + " upgrades measured no data plane");
      } else {
        side = median({value},
                      fmt::format("{} upgrades at {} packets a second, {} of them with a virtual "
                                  "machine under {}",
                                  total.upgrades, lab_pps, total.in_machine,
                                  total.accelerator.empty() ? "none" : total.accelerator),
                      "");
        side.accelerator = total.in_machine == total.upgrades ? total.accelerator : "";
        side.evidence = total.evidence;
      }
    }
  }
  row.figures = {std::move(lost), std::move(sent), std::move(gap)};
  row.notes.emplace_back(
      "Counted outside the router, by the same NPU program on both sides: what forwards is neither "
      "the container nor the virtual machine.");
}

}  // namespace issu::compare
