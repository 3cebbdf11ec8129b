#include "issu/measure/evaluate.hpp"

#include <algorithm>
#include <cstring>

namespace issu::measure {
namespace {

/// A sender that stood still for so long could have slept through an outage.
constexpr MonoNs longest_send_gap = 1'000'000'000;
/// Of the planned frames, so many at least must have been sent.
constexpr double least_offered = 0.9;

double micro(MonoNs time) {
  return static_cast<double>(time) / 1e3;
}

}  // namespace

Latency latency_of(const Histogram& times) {
  Latency latency{micro(times.min()),
                  micro(times.percentile(0.5)),
                  micro(times.percentile(0.9)),
                  micro(times.percentile(0.99)),
                  micro(times.percentile(0.999)),
                  micro(times.max()),
                  {}};
  times.each([&](MonoNs top, std::uint64_t count) {
    latency.histogram.push_back({micro(top), count});
  });
  return latency;
}

void judge(StreamResult& stream, const StreamEvidence& evidence) {
  auto& why = stream.why_not;
  const SequenceTotals& totals = stream.totals;
  if (!evidence.flowed) {
    why.emplace_back("no frame came through before counting began: look at the routes both ways");
  }
  if (stream.sent == 0) {
    why.emplace_back("nothing was sent");
  } else if (totals.received == 0) {
    why.emplace_back("nothing that was sent came back");
  } else if (!totals.came_back) {
    why.emplace_back("nothing came back after the last loss");
  }
  if (stream.refused > 0) {
    why.emplace_back("the sender's socket refused " + std::to_string(stream.refused) +
                     " frames: " + std::strerror(evidence.refused_errno));
  }
  if (stream.overrun > 0) {
    why.emplace_back("the receiver's own buffer overran: " + std::to_string(stream.overrun) +
                     " frames");
  }
  if (!evidence.overrun_known) {
    why.emplace_back("the receiver's socket gave no account of what it dropped");
  }
  if (static_cast<double>(stream.sent) < least_offered * static_cast<double>(evidence.planned)) {
    why.emplace_back("the sender fell behind: " + std::to_string(stream.sent) + " frames of " +
                     std::to_string(evidence.planned) + " planned");
  }
  if (evidence.send_gap > longest_send_gap) {
    why.emplace_back("the sender stood still for " + std::to_string(evidence.send_gap / 1'000'000) +
                     " ms: an outage in that time was not seen");
  }
  if (totals.received + totals.lost != stream.sent) {
    why.emplace_back("received and lost do not add up to sent: more came than was sent");
  }
  stream.measured = why.empty();
  stream.impact_loss_ms =
      stream.rate_pps > 0 ? static_cast<double>(totals.lost) / stream.rate_pps * 1e3 : 0;
  stream.impact_timestamp_ms = to_ms(totals.total_gap);
}

void sum_up(Measurement& measurement) {
  measurement.why_not.clear();
  measurement.rate_pps = measurement.longest_gap_ms = 0;
  measurement.sent = measurement.received = measurement.lost = 0;
  measurement.duplicated = measurement.reordered = 0;
  for (const StreamResult& stream : measurement.streams) {
    for (const std::string& reason : stream.why_not) {
      measurement.why_not.push_back("stream \"" + stream.name + "\": " + reason);
    }
    measurement.rate_pps += stream.rate_pps;
    measurement.sent += stream.sent;
    measurement.received += stream.totals.received;
    measurement.lost += stream.totals.lost;
    measurement.duplicated += stream.totals.duplicated;
    measurement.reordered += stream.totals.reordered;
    measurement.longest_gap_ms =
        std::max(measurement.longest_gap_ms, to_ms(stream.totals.longest_gap));
  }
  for (const std::string& fault : measurement.instrument.faults) {
    measurement.why_not.push_back("the instrument: " + fault);
  }
  if (measurement.streams.empty()) {
    measurement.why_not.emplace_back("the plan has no streams");
  }
  measurement.measured = measurement.why_not.empty();
}

std::optional<double> control_plane_dark(const Measurement& measurement, MonoNs begin, MonoNs end) {
  if (measurement.sessions.empty()) {
    return std::nullopt;
  }
  double longest = 0;
  for (const SessionResult& session : measurement.sessions) {
    if (!session.measured) {
      return std::nullopt;
    }
    for (const SessionDown& down : session.downs) {
      if (down.down > end || (down.up != 0 && down.up < begin)) {
        continue;
      }
      if (down.up == 0) {
        return std::nullopt;
      }
      longest = std::max(longest, to_ms(down.up - down.down));
    }
  }
  return longest;
}

std::optional<std::uint64_t> lost_between(const Measurement& measurement, MonoNs begin,
                                          MonoNs end) {
  if (!measurement.measured) {
    return std::nullopt;
  }
  std::uint64_t lost = 0;
  for (const StreamResult& stream : measurement.streams) {
    if (stream.totals.gap_count > stream.gaps.size()) {
      return std::nullopt;
    }
    for (const Gap& gap : stream.gaps) {
      lost += gap.before >= begin && gap.before < end ? gap.lost : 0;
    }
  }
  return lost;
}

}  // namespace issu::measure
