#include <fmt/format.h>

#include "issu/config/sections.hpp"

namespace issu::config {
namespace {

/// `deadlines = { freeze = 60 }`: any phase by its name.
void read_deadlines(StrictTable& timers, Timers& result) {
  auto table = timers.table("deadlines");
  if (!table) {
    return;
  }
  for (const PhaseRow& row : phase_table) {
    const std::string name(row.name);
    if (table->has(name)) {
      result.deadlines[row.phase] = table->number(name, {1, 86'400}, 0);
    }
  }
  table->finish();
}

}  // namespace

void read_limits(StrictTable& document, RouterConfig& config) {
  if (auto budget = document.table("budget")) {
    Budgets& b = config.budgets;
    b.lost_packets = static_cast<std::uint64_t>(
        budget->integer("lost_packets", {0, 1e12}, static_cast<std::int64_t>(b.lost_packets)));
    b.control_plane_dark_ms =
        budget->number("control_plane_dark_ms", {1, 3'600'000}, b.control_plane_dark_ms);
    b.stale_fraction = budget->number("stale_fraction", {0, 1}, b.stale_fraction);
    b.daemon_growth_mib = budget->number("daemon_growth_mib", {1, 1'048'576}, b.daemon_growth_mib);
    budget->finish();
  }
  if (auto timers = document.table("timers")) {
    Timers& t = config.timers;
    t.converge_s = timers->number("converge_s", {5, 3600}, t.converge_s);
    // Daemons pause for up to a second in the middle of sending their routes.
    t.quiet_s = timers->number("quiet_s", {3, 600}, t.quiet_s);
    t.soak_s = timers->number("soak_s", {0, 604'800}, t.soak_s);
    if (t.quiet_s >= t.converge_s) {
      timers->refuse("quiet_s", "is not shorter than converge_s: no upgrade could converge",
                     fmt::format("choose less than {}", t.converge_s));
    }
    read_deadlines(*timers, t);
    timers->finish();
  }
}

}  // namespace issu::config
