#include "issu/measure/series.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

namespace issu::measure {
namespace {

constexpr MonoNs shortest_step = 100'000'000;

/// Counts of one stream at one time, from the beginning.
struct Sample {
  MonoNs at = 0;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
};

using Samples = std::map<std::string, std::vector<Sample>>;

void add_line(const std::string& line, Samples& samples) {
  const auto document = nlohmann::json::parse(line, nullptr, false);
  if (!document.is_object() || !document.contains("streams") || !document.contains("t") ||
      !document["t"].is_number_integer() || !document["streams"].is_object()) {
    return;  // a peer's event, or the torn last line
  }
  for (const auto& [name, counts] : document["streams"].items()) {
    if (counts.is_array() && counts.size() >= 2 && counts[0].is_number_integer() &&
        counts[1].is_number_integer()) {
      samples[name].push_back({document["t"].get<MonoNs>(), counts[0].get<std::uint64_t>(),
                               counts[1].get<std::uint64_t>()});
    }
  }
}

/// The count at a time, between two samples on the line between them.
std::uint64_t count_at(const std::vector<Sample>& samples, std::uint64_t Sample::*count,
                       MonoNs at) {
  const auto after = std::lower_bound(samples.begin(), samples.end(), at,
                                      [](const Sample& s, MonoNs time) { return s.at < time; });
  if (after == samples.begin()) {
    return 0;
  }
  if (after == samples.end()) {
    return samples.back().*count;
  }
  const Sample& before = *(after - 1);
  const double share =
      static_cast<double>(at - before.at) / static_cast<double>(after->at - before.at);
  const auto grown = static_cast<double>((*after).*count) - static_cast<double>(before.*count);
  return before.*count + static_cast<std::uint64_t>(std::llround(std::max(grown, 0.0) * share));
}

/// Has the samples end at `end` with the last count of all.
void draw_in(std::vector<Sample>& samples, MonoNs end) {
  if (samples.back().at <= end) {
    return;
  }
  Sample last = samples.back();
  while (samples.size() > 1 && samples.back().at >= end) {
    samples.pop_back();
  }
  last.at = std::max(end, samples.back().at);
  samples.push_back(last);
}

std::vector<std::uint64_t> buckets_of(const std::vector<Sample>& samples,
                                      std::uint64_t Sample::*count, const Series& series,
                                      std::size_t buckets) {
  std::vector<std::uint64_t> all;
  std::uint64_t last = 0;
  for (std::size_t i = 1; i <= buckets; ++i) {
    const std::uint64_t next =
        count_at(samples, count, series.begin + static_cast<MonoNs>(i) * series.step);
    all.push_back(next - std::min(last, next));
    last = std::max(last, next);
  }
  return all;
}

}  // namespace

Result<std::optional<Series>> read_series(const std::filesystem::path& folder, MonoNs begin,
                                          MonoNs end, std::size_t most) {
  const auto path = folder / "timeline.jsonl";
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return std::optional<Series>();
  }
  std::ifstream file(path);
  if (!file) {
    return fail("the timeline " + path.string() + " can't be read");
  }
  Samples samples;
  for (std::string line; std::getline(file, line);) {
    add_line(line, samples);
  }
  MonoNs first = 0;
  MonoNs last = 0;
  for (auto& [name, list] : samples) {
    if (end != 0) {
      draw_in(list, end);
    }
    if (begin != 0 && begin < list.front().at) {
      list.insert(list.begin(), Sample{begin, 0, 0});
    }
    first = first == 0 ? list.front().at : std::min(first, list.front().at);
    last = std::max(last, list.back().at);
  }
  if (samples.empty() || last <= first || most == 0) {
    return std::optional<Series>();
  }
  const MonoNs span = last - first;
  const MonoNs buckets = std::clamp<MonoNs>(span / shortest_step, 1, static_cast<MonoNs>(most));
  Series series;
  series.begin = first;
  series.step = (span + buckets - 1) / buckets;
  for (const auto& [name, list] : samples) {
    const auto count = static_cast<std::size_t>(buckets);
    series.streams.push_back({name, buckets_of(list, &Sample::sent, series, count),
                              buckets_of(list, &Sample::received, series, count)});
  }
  return std::optional<Series>(std::move(series));
}

std::vector<std::uint64_t> losses_in(const std::vector<Gap>& gaps, const Series& series,
                                     std::size_t buckets) {
  std::vector<std::uint64_t> lost(buckets, 0);
  for (const Gap& gap : gaps) {
    if (buckets == 0 || series.step <= 0) {
      break;
    }
    const MonoNs place = std::max<MonoNs>(gap.before - series.begin, 0) / series.step;
    lost[std::min(static_cast<std::size_t>(place), buckets - 1)] += gap.lost;
  }
  return lost;
}

}  // namespace issu::measure
