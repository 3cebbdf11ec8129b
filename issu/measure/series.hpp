#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "issu/base/clock.hpp"
#include "issu/base/result.hpp"
#include "issu/measure/sequence.hpp"

namespace issu::measure {

/// Frames of one stream, bucket by bucket.
struct SeriesStream {
  std::string name;
  std::vector<std::uint64_t> sent;
  std::vector<std::uint64_t> received;
};

/// A run's timeline in buckets of one length, short enough to be drawn and kept.
struct Series {
  MonoNs begin = 0;  ///< of the first bucket
  MonoNs step = 0;   ///< of each, 100 ms or more
  std::vector<SeriesStream> streams;
};

/// Cuts timeline.jsonl of a run, running or ended, into `most` buckets a stream at the most.
/// Between two of its lines (100 ms apart) frames are taken to flow evenly, so the sum of the
/// buckets is the last count of the timeline. `begin`, `end`: when sending began and ended, 0 where
/// nobody knows; what came in behind the end counts in the last bucket. No timeline or fewer than
/// two lines: no value.
Result<std::optional<Series>> read_series(const std::filesystem::path& folder, MonoNs begin,
                                          MonoNs end, std::size_t most);

/// Lost frames in the buckets of a series, each counted where its gap began. What began before the
/// first bucket or behind the last counts in that one.
[[nodiscard]] std::vector<std::uint64_t> losses_in(const std::vector<Gap>& gaps,
                                                   const Series& series, std::size_t buckets);

}  // namespace issu::measure
