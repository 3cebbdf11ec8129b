#include "issu/predict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "issu/base/json.hpp"
#include "issu/base/reasons.hpp"

namespace issu {
namespace {

/// What starting CRIU twice takes whatever the size; and for a MiB of memory, out and in, a pace
/// that loaded machines were seen to keep (2.2 s for 190 MiB beside compilers, 0.5 s alone).
constexpr double start_ms = 500;
constexpr double slow_ms_per_mib = 10;
constexpr std::size_t looked_at = 5;
constexpr double margin_ms = 1000;

double mebibytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1U << 20U);
}

/// A dead interval or detection time is a multiple of the interval: with it, the interval grows.
Error too_impatient(double predicted_ms, double needed_ms,
                    const backends::AdjacencyView& adjacency) {
  const bool bfd = adjacency.protocol == "bfd";
  const double shorter = adjacency.detects_s - adjacency.interval_s;
  const double factor = shorter > 0 ? adjacency.detects_s / shorter : 2;
  return Error(
      fmt::format("the daemons will be frozen for {:.1f} s or so, with a margin {:.1f} s, and the "
                  "{} {} ({} {:.3g} s, a packet each {:.3g} s) endures {:.3g} s",
                  predicted_ms / 1e3, needed_ms / 1e3, bfd ? "BFD session with" : "OSPF neighbour",
                  adjacency.peer, bfd ? "detection time" : "dead interval", adjacency.detects_s,
                  adjacency.interval_s, *adjacency.endures_s()),
      bfd ? fmt::format("set its detection time (interval times multiplier) to {:.0f} s or more at "
                        "both ends, or take BFD off it for the upgrade",
                        std::ceil(needed_ms * factor / 1e3))
          : fmt::format("set its dead interval to {:.0f} s or more at both ends",
                        std::ceil(needed_ms * factor / 1e3)));
}

}  // namespace

double predicted_freeze_ms(const History& history, std::uint64_t bytes) {
  double pace = 0;
  std::size_t seen = 0;
  for (auto document = history.rbegin(); document != history.rend() && seen < looked_at;
       ++document) {
    const auto plane = document->find("control_plane");
    // One that went back stood still for as long as it took to find out that it had to.
    if (value_of(*document, "outcome", "committed") != "committed" ||
        value_of(*document, "strategy", "checkpoint") != "checkpoint" || plane == document->end() ||
        !plane->contains("frozen_ms") || !plane->at("frozen_ms").is_number()) {
      continue;
    }
    ++seen;
    const double size = mebibytes(value_of(*plane, "saved_bytes", std::uint64_t{0}));
    const double frozen = plane->at("frozen_ms").get<double>();
    if (size > 0) {
      pace = std::max(pace, std::max(frozen - start_ms, 0.0) / size);
    }
  }
  return start_ms + (seen == 0 ? slow_ms_per_mib : pace) * mebibytes(bytes);
}

Result<void> fits_timers(double predicted_ms, const backends::ControlPlaneView& view) {
  const double needed_ms = 2 * predicted_ms + margin_ms;
  Reasons reasons;
  for (const auto& session : view.sessions) {
    const auto endures_s = session.endures_s();
    if (!endures_s || needed_ms <= *endures_s * 1e3) {
      continue;
    }
    reasons.add(Error(
        fmt::format("the daemons will be frozen for {:.1f} s or so, with a margin {:.1f} s, and "
                    "the session with {} (hold time {:.0f} s) endures {:.1f} s",
                    predicted_ms / 1e3, needed_ms / 1e3, session.peer, session.hold_time_s,
                    *endures_s),
        fmt::format("set its hold time to {:.0f} s or more at both ends, or use the strategy "
                    "restart",
                    std::ceil(needed_ms * 3 / 2 / 1e3))));
  }
  for (const auto& adjacency : view.adjacencies) {
    const auto endures_s = adjacency.endures_s();
    if (endures_s && needed_ms > *endures_s * 1e3) {
      reasons.add(too_impatient(predicted_ms, needed_ms, adjacency));
    }
  }
  return std::move(reasons).result();
}

}  // namespace issu
