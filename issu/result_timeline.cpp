#include <algorithm>

#include "issu/measure/series.hpp"
#include "issu/result_setting.hpp"

namespace issu {
namespace {

/// A document is a line of the history: the picture may have so many buckets a stream, and so many
/// in all.
constexpr std::size_t most_buckets = 240;
constexpr std::size_t fewest_buckets = 40;
constexpr std::size_t most_numbers = 4'000;

std::size_t buckets_for(std::size_t streams) {
  return std::clamp(most_numbers / std::max<std::size_t>(streams, 1), fewest_buckets, most_buckets);
}

/// The lost frames of a stream bucket by bucket; no value where they aren't known.
std::optional<std::vector<std::uint64_t>> losses(const measure::Measurement* seen,
                                                 const measure::Series& series,
                                                 const measure::SeriesStream& stream) {
  if (seen == nullptr) {
    return std::nullopt;
  }
  for (const measure::StreamResult& result : seen->streams) {
    if (result.name == stream.name && result.measured &&
        result.totals.gap_count <= result.gaps.size()) {
      return measure::losses_in(result.gaps, series, stream.received.size());
    }
  }
  return std::nullopt;
}

std::vector<report::TimelineSession> sessions_of(const measure::Measurement& seen, MonoNs zero) {
  std::vector<report::TimelineSession> sessions;
  for (const measure::SessionResult& session : seen.sessions) {
    report::TimelineSession line{
        session.peer + " " + session.session, session.protocol, session.measured, {}};
    for (const measure::SessionDown& down : session.downs) {
      line.downs.push_back({to_s(down.down - zero),
                            down.up == 0 ? std::nullopt : std::optional(to_s(down.up - zero))});
    }
    sessions.push_back(std::move(line));
  }
  return sessions;
}

}  // namespace

std::optional<report::Timeline> timeline_of(const Context& context, const Records& records,
                                            const measure::Measurement* seen) {
  if (records.empty()) {
    return std::nullopt;
  }
  const std::size_t streams = context.instrument.plan().streams.size();
  const MonoNs begin = seen == nullptr ? 0 : seen->begin;
  const MonoNs end = seen == nullptr ? 0 : seen->end;
  auto series = measure::read_series(context.instrument.dir(), begin, end, buckets_for(streams));
  const MonoNs zero = records.front().mono;
  report::Timeline timeline;
  if (series && *series && (*series)->begin >= zero) {
    timeline.from_s = to_s((*series)->begin - zero);
    timeline.step_s = to_s((*series)->step);
    for (measure::SeriesStream& stream : (*series)->streams) {
      auto lost = losses(seen, **series, stream);
      timeline.streams.push_back({std::move(stream.name), std::move(stream.sent),
                                  std::move(stream.received), std::move(lost)});
    }
  }
  if (seen != nullptr && seen->begin >= zero) {
    timeline.sessions = sessions_of(*seen, zero);
  }
  if (timeline.streams.empty() && !timeline.sessions) {
    return std::nullopt;
  }
  return timeline;
}

}  // namespace issu
