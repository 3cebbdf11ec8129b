#include "issu/report/svg_lanes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "issu/report/figures.hpp"

namespace issu::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr double letter = 6.6;  ///< width of one, about
constexpr double phase_height = 26;
constexpr double curve_height = 44;
constexpr std::size_t name_letters = 25;

double left_end(const TimeScale& scale) {
  return scale.left - 10;
}

double right_end(const TimeScale& scale) {
  return scale.left + scale.width + 10;
}

bool can_be_dark(const std::string& phase) {
  return phase.ends_with("freeze") || phase.ends_with("switchover") || phase.ends_with("reconcile");
}

std::vector<double> rates(const Json& counts, double step) {
  std::vector<double> all;
  for (const Json& count : counts) {
    all.push_back(count.is_number() && step > 0 ? count.get<double>() / step : 0);
  }
  return all;
}

/// The outline of the buckets' tops, from left to right.
std::string outline(const std::vector<double>& values, double from, double step, double most,
                    const TimeScale& scale, double bottom) {
  std::string path;
  double time = from;
  for (const double value : values) {
    const double y = bottom - curve_height * std::clamp(value / most, 0.0, 1.0);
    path += fmt::format("{}{} {}L{} {}", path.empty() ? "M" : "L", svg_number(scale.x(time)),
                        svg_number(y), svg_number(scale.x(time + step)), svg_number(y));
    time += step;
  }
  return path;
}

std::string losses(const Json& lost, double from, double step, const TimeScale& scale,
                   double bottom) {
  std::string svg;
  double time = from;
  for (const Json& count : lost) {
    if (count.is_number() && count.get<double>() > 0) {
      const double width = std::max(scale.x(time + step) - scale.x(time), 3.0);
      svg += svg_box(scale.x(time), bottom - curve_height, width, curve_height, "lost",
                     count.dump() + " frames lost");
    }
    time += step;
  }
  return svg;
}

/// What the figures say of a stream, for the lane's right end.
std::string verdict(const Json& document, const std::string& name, std::string& kind) {
  for (const Json& stream : list_of(object_of(document, "data_plane"), "streams")) {
    if (text_of(stream, "name") == name && is_measured(stream)) {
      kind = number_of(stream, "lost") > 0 ? "bad" : "";
      return figure(stream, "lost") + " lost";
    }
  }
  kind = "s";
  return "not measured";
}

}  // namespace

std::string phase_lane(const Json& phases, const TimeScale& scale, double top) {
  std::string svg = svg_text(left_end(scale), top + 17, "e s", "phases");
  double free_from = scale.left;  // for names that do not fit into their box
  for (const Json& phase : phases) {
    if (!phase.contains("from_s") || !phase["from_s"].is_number()) {
      continue;
    }
    const double from = phase["from_s"].get<double>();
    const double seconds = number_of(phase, "seconds");
    const std::string name = text_of(phase, "name");
    const std::string result = text_of(phase, "result");
    const double x = scale.x(from);
    const double width = std::max(scale.x(from + seconds) - x, 1.0);
    const char* kind = result == "failed" || result == "interrupted" ? "phase f"
                       : can_be_dark(name)                           ? "phase d"
                                                                     : "phase";
    svg += svg_box(x, top, width, phase_height, kind,
                   fmt::format("{}: {:.3f} s, {}", name, seconds, result));
    const double needed = static_cast<double>(name.size()) * letter;
    if (needed + 8 < width) {
      svg += svg_text(x + width / 2, top + 17, "m", name);
      continue;
    }
    const double place = std::max(x + width / 2 - needed / 2, free_from);
    if (place + needed < right_end(scale) + 80) {
      svg += svg_text(place, top - 22, "s", name);
      svg += svg_line(place + needed / 2, top - 18, x + width / 2, top, "grid");
      free_from = place + needed + 8;
    }
  }
  return svg;
}

std::string stream_lane(const Json& stream, const Json& document, const TimeScale& scale,
                        double top) {
  const Json timeline = object_of(document, "timeline");
  const double from = number_of(timeline, "from_s");
  const double step = number_of(timeline, "step_s");
  const double bottom = top + curve_height;
  const std::string name = text_of(stream, "name");
  const auto sent = rates(list_of(stream, "sent"), step);
  const auto received = rates(list_of(stream, "received"), step);
  double most = 1;
  for (const double value : sent) {
    most = std::max(most, value);
  }
  for (const double value : received) {
    most = std::max(most, value);
  }
  const double end = from + step * static_cast<double>(received.size());
  std::string svg = "<g class=\"stream\">\n";
  svg += svg_text(left_end(scale), top + 18, "e", cut(name, name_letters));
  svg += svg_text(left_end(scale), top + 34, "e s",
                  grouped(static_cast<std::int64_t>(most + 0.5)) + "/s at most");
  svg += fmt::format("<path class=\"recv\" d=\"{}L{} {}L{} {}Z\"/>\n",
                     outline(received, from, step, most * 1.1, scale, bottom),
                     svg_number(scale.x(end)), svg_number(bottom), svg_number(scale.x(from)),
                     svg_number(bottom));
  svg += fmt::format("<path class=\"sent\" d=\"{}\"/>\n",
                     outline(sent, from, step, most * 1.1, scale, bottom));
  svg += losses(list_of(stream, "lost"), from, step, scale, bottom);
  svg += svg_line(scale.left, bottom, scale.left + scale.width, bottom, "grid");
  std::string kind;
  const std::string said = verdict(document, name, kind);
  return svg + svg_text(right_end(scale), top + 26, kind, said) + "</g>\n";
}

std::string session_lane(const Json& session, const Json& timeline, const Json& document,
                         const TimeScale& scale, double top) {
  const std::string peer = text_of(session, "peer");
  const std::string protocol = text_of(session, "protocol");
  double end = scale.end_s;
  for (const Json& stream : list_of(timeline, "streams")) {
    end = number_of(timeline, "from_s") +
          number_of(timeline, "step_s") * static_cast<double>(list_of(stream, "received").size());
  }
  const double from = scale.x(number_of(timeline, "from_s"));
  std::string svg = "<g class=\"session\">\n";
  svg += svg_text(left_end(scale), top + 13, "e", cut(protocol + " " + peer, name_letters));
  if (!is_measured(session)) {
    svg += svg_box(from, top + 3, scale.x(end) - from, 12, "unknown", "not measured");
    return svg + svg_text(right_end(scale), top + 13, "s", "not measured") + "</g>\n";
  }
  svg += svg_box(from, top + 3, scale.x(end) - from, 12, "up", peer + ": up");
  for (const Json& down : list_of(session, "downs")) {
    const bool ended = down.contains("to_s") && down["to_s"].is_number();
    const double begin = number_of(down, "from_s");
    const double until = ended ? down["to_s"].get<double>() : end;
    svg +=
        svg_box(scale.x(begin), top + 1, std::max(scale.x(until) - scale.x(begin), 3.0), 16, "down",
                fmt::format("{}: down for {:.1f} ms{}", peer, (until - begin) * 1000,
                            ended ? "" : ", and not up again"));
  }
  std::string said = "stayed up";
  for (const Json& line : list_of(object_of(document, "control_plane"), "sessions")) {
    if (text_of(line, "peer") == peer && text_of(line, "protocol") == protocol &&
        flag_of(line, "went_down")) {
      said = "down " + figure(line, "down_ms", " ms", 0);
    }
  }
  return svg + svg_text(right_end(scale), top + 13, "", said) + "</g>\n";
}

}  // namespace issu::report
