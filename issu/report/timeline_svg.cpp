#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "issu/report/figures.hpp"
#include "issu/report/html.hpp"
#include "issu/report/svg_lanes.hpp"

namespace issu::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_streams = 16;
constexpr std::size_t most_sessions = 32;
constexpr double names_width = 190;
constexpr double plot_width = 760;
constexpr double whole_width = 1070;
constexpr double phases_top = 40;
constexpr double lanes_top = 84;

/// Where everything that is shown has ended.
double last_second(const Json& document, const Json& timeline) {
  double end = number_of(timeline, "from_s");
  for (const Json& stream : list_of(timeline, "streams")) {
    const auto buckets = static_cast<double>(list_of(stream, "received").size());
    end = std::max(end, number_of(timeline, "from_s") + number_of(timeline, "step_s") * buckets);
  }
  for (const Json& phase : list_of(document, "phases")) {
    if (phase.contains("from_s") && phase["from_s"].is_number()) {
      end = std::max(end, phase["from_s"].get<double>() + number_of(phase, "seconds"));
    }
  }
  for (const Json& session : list_of(timeline, "sessions")) {
    for (const Json& down : list_of(session, "downs")) {
      if (down.contains("to_s") && down["to_s"].is_number()) {
        end = std::max(end, down["to_s"].get<double>());
      }
    }
  }
  return std::max(end, 0.1);
}

std::string axis(const TimeScale& scale, double top, double bottom) {
  std::string svg;
  for (const double tick : scale.ticks()) {
    svg += svg_line(scale.x(tick), top, scale.x(tick), bottom, "grid");
    svg += svg_text(scale.x(tick), bottom + 16, "s m", fmt::format("{:g} s", tick));
  }
  return svg;
}

/// Times in which at least one session was down, from when to when, in order.
std::vector<std::pair<double, double>> dark_times(const Json& timeline, double end_s) {
  std::vector<std::pair<double, double>> all;
  for (const Json& session : list_of(timeline, "sessions")) {
    for (const Json& down : list_of(session, "downs")) {
      const bool ended = down.is_object() && down.contains("to_s") && down["to_s"].is_number();
      all.emplace_back(number_of(down, "from_s"), ended ? number_of(down, "to_s") : end_s);
    }
  }
  std::sort(all.begin(), all.end());
  std::vector<std::pair<double, double>> merged;
  for (const auto& each : all) {
    if (merged.empty() || each.first > merged.back().second) {
      merged.push_back(each);
    }
    merged.back().second = std::max(merged.back().second, each.second);
  }
  return merged;
}

std::string dark_bands(const Json& timeline, const TimeScale& scale, double bottom) {
  std::string svg;
  for (const auto& [from, to] : dark_times(timeline, scale.end_s)) {
    svg += svg_box(scale.x(from), phases_top, std::max(scale.x(to) - scale.x(from), 1.5),
                   bottom - phases_top, "dark",
                   fmt::format("a session down from {:.3f} s to {:.3f} s", from, to));
  }
  return svg;
}

}  // namespace

std::string timeline_svg(const Json& document, std::size_t number) {
  const Json timeline = object_of(document, "timeline");
  const Json streams = list_of(timeline, "streams");
  const Json sessions = list_of(timeline, "sessions");
  if (timeline.empty()) {
    return "<p class=\"soft\">No timeline: nothing was recorded while this upgrade ran.</p>\n";
  }
  const TimeScale scale{names_width, plot_width, last_second(document, timeline)};
  double y = lanes_top;
  std::string lanes;
  for (std::size_t i = 0; i < std::min(streams.size(), most_streams); ++i) {
    lanes += stream_lane(streams[i], document, scale, y);
    y += stream_lane_height;
  }
  for (std::size_t i = 0; i < std::min(sessions.size(), most_sessions); ++i) {
    lanes += session_lane(sessions[i], timeline, document, scale, y);
    y += session_lane_height;
  }
  const double bottom = y + 4;
  std::string svg = fmt::format(
      "<figure class=\"timeline\"><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
      "role=\"img\" aria-labelledby=\"timeline-{}-title\" id=\"timeline-{}\">\n"
      "<title id=\"timeline-{}-title\">Phases of the upgrade, packets received on each stream and "
      "the state of each session over time</title>\n",
      svg_number(whole_width), svg_number(bottom + 28), number, number, number);
  svg += axis(scale, phases_top - 4, bottom);
  svg += dark_bands(timeline, scale, bottom);
  svg += phase_lane(list_of(document, "phases"), scale, phases_top);
  svg += lanes + "</svg>\n<figcaption>";
  svg +=
      "Top: phases; darker ones are those in which the control plane may be dark. Streams: frames "
      "received (area) and sent (dashed line) a second, losses as red bars. Sessions: green while "
      "the neighbour had the session up, red while it had not; grey bands: at least one was down.";
  if (const double step = number_of(timeline, "step_s"); step > 0) {
    svg += fmt::format(" One step is {:.0f} ms.", step * 1000);
  }
  if (streams.size() > most_streams || sessions.size() > most_sessions) {
    svg += fmt::format(" The first {} of {} streams and {} of {} sessions are drawn.",
                       std::min(streams.size(), most_streams), streams.size(),
                       std::min(sessions.size(), most_sessions), sessions.size());
  }
  return svg + "</figcaption></figure>\n";
}

}  // namespace issu::report
