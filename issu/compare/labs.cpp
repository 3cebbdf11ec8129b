#include "issu/compare/labs.hpp"

#include <fmt/format.h>

#include "issu/report/figures.hpp"

namespace issu::compare {
namespace {

using Json = nlohmann::ordered_json;

/// A container's NPU would be the kernel; here it is that of virtual machines, so that the same
/// program forwards in all of them.
constexpr std::string_view load = R"(engine = "packet"
timers = { converge_s = 60, quiet_s = 3, soak_s = 5 }

[[lab.peer]]
name = "east"
daemon = "bird"
hold_s = 90
announce = [
  { first = "10.0.0.0/24", count = 3000 },
  { first = "172.16.0.0/28", count = 1000 },
  { first = "2001:db8:1000::/48", count = 1000 },
]

[[lab.peer]]
name = "west"
daemon = "bird"
hold_s = 90
announce = [
  { first = "10.128.0.0/24", count = 3000 },
  { first = "172.24.0.0/28", count = 1000 },
  { first = "2001:db8:8000::/48", count = 1000 },
]

[[lab.stream]]
from = "east"
to = "west"
family = 4
rate_pps = 7500

[[lab.stream]]
from = "east"
to = "west"
family = 6
rate_pps = 2500

[[lab.stream]]
from = "west"
to = "east"
family = 4
rate_pps = 7500

[[lab.stream]]
from = "west"
to = "east"
family = 6
rate_pps = 2500
)";

std::optional<double> number(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? std::optional(found->get<double>())
                                                     : std::nullopt;
}

}  // namespace

std::string scenario_text(const LabFacts& lab) {
  std::string text =
      fmt::format("name = \"{}\"\nabout = \"{}\"\n\n[lab]\nsuite = \"frr\"\n", lab.name, lab.about);
  text +=
      lab.backend == "lxc" ? "npu = \"soft\"\n" : fmt::format("backend = \"{}\"\n", lab.backend);
  text += fmt::format("image = \"{}\"\n{}", lab.from, load);
  text += fmt::format(
      "\n[[step]]\nname = \"upgrade\"\nupgrade = \"{}\"\nargs = [\"--auto-accept\", "
      "\"--soak\", \"5s\"{}]\n",
      lab.to,
      lab.strategy.empty() ? std::string() : fmt::format(", \"--strategy\", \"{}\"", lab.strategy));
  return text +
         "\n[[expect]]\nwhat = \"the upgrade is committed\"\npath = \"outcome\"\n"
         "equals = \"committed\"\n";
}

UpgradeFigures figures_of(const Json& upgrade) {
  UpgradeFigures figures;
  const Json control = report::object_of(upgrade, "control_plane");
  const Json data = report::object_of(upgrade, "data_plane");
  const Json rfc7654 = report::object_of(upgrade, "rfc7654");
  figures.total_s = number(rfc7654, "t4_s");
  figures.dark_ms = number(control, "dark_ms");
  figures.silent_ms =
      control.contains("frozen_ms") ? number(control, "frozen_ms") : figures.dark_ms;
  if (report::is_measured(data)) {
    figures.sent = number(data, "sent");
    figures.lost = number(data, "lost");
    figures.longest_gap_ms = number(data, "longest_gap_ms");
  }
  figures.accelerator = report::text_of(report::object_of(rfc7654, "device"), "accelerator");
  return figures;
}

}  // namespace issu::compare
