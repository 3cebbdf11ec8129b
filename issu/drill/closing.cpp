#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "issu/drill/dark_text.hpp"
#include "issu/drill/outcome.hpp"
#include "issu/drill/soak_figures.hpp"

namespace issu::drill {
namespace {

using nlohmann::json;

std::string number(const json& object, const char* key, int decimals = 0) {
  const auto value = object.find(key);
  if (value == object.end() || !value->is_number()) {
    return "not measured";
  }
  return fmt::format("{:.{}f}", value->get<double>(), decimals);
}

/// The part of an object, an empty one where it is missing.
json part(const json& object, const char* key) {
  const auto value = object.is_object() ? object.find(key) : object.end();
  return value != object.end() && value->is_object() ? *value : json::object();
}

/// Packets a second in the direction that has the fewest. A lab's streams are named
/// NUMBER-FROM-TO-FAMILY.
double rate_each_way(const json& streams) {
  std::map<std::string, double> ways;
  for (const json& stream : streams) {
    const std::string name = stream.value("name", "");
    const auto begin = name.find('-');
    const auto end = name.rfind('-');
    if (begin < end && end != std::string::npos) {
      ways[name.substr(begin + 1, end - begin - 1)] += stream.value("rate_pps", 0.0);
    }
  }
  const auto least = std::min_element(
      ways.begin(), ways.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return least == ways.end() ? 0 : least->second;
}

std::string data_plane_line(const json& upgrade) {
  const json plane = part(upgrade, "data_plane");
  if (!plane.value("measured", false)) {
    return "data plane     not measured: " + plane.value("why_not", "no reason is told");
  }
  return fmt::format(
      "data plane     {} lost of {} packets at {:.0f} packets/s each way over {} routes",
      number(plane, "lost"), number(plane, "sent"),
      rate_each_way(plane.value("streams", json::array())),
      number(part(upgrade, "npu"), "routes_before"));
}

std::string control_plane_line(const json& upgrade) {
  const json plane = part(upgrade, "control_plane");
  if (!plane.value("measured", false)) {
    return "control plane  not measured: " + plane.value("why_not", "no reason is told");
  }
  std::string text = "control plane  dark for " + number(plane, "dark_ms") + " ms";
  if (const json parts = plane.value("parts", json::array()); !parts.empty()) {
    text += ": " + parts_text(parts);
  }
  if (plane.contains("frozen_parts")) {
    text += "\n    daemons        frozen for " + number(plane, "frozen_ms") +
            " ms: " + parts_text(plane["frozen_parts"]);
  }
  return text;
}

std::string routes_line(const json& upgrade) {
  double withdrawn = 0;
  for (const json& session : part(upgrade, "control_plane").value("sessions", json::array())) {
    const auto value = session.find("routes_withdrawn");
    if (value == session.end() || !value->is_number()) {
      return "routes         not measured at the peers";
    }
    withdrawn += value->get<double>();
  }
  const json npu = part(upgrade, "npu");
  return fmt::format(
      "routes         {:.0f} withdrawn at the peers, {} deleted while dark, {} stale swept",
      withdrawn, number(npu, "deleted_while_dark"), number(npu, "stale_swept"));
}

std::string verdict(const json& drill) {
  const bool passed = drill.value("passed", false);
  return !passed ? "FAILED"
         : drill.value("flaky", false)
             ? fmt::format("FLAKY, passed at attempt {} only", drill.value("attempt", 0U))
             : "PASSED";
}

/// A soak is told by what its upgrades were like together.
bool is_soaked(const json& drill) {
  return drill.contains("soaks");
}

}  // namespace

std::string closing_report(const std::string& document) {
  const json drill = json::parse(document, nullptr, false);
  if (!drill.is_object() || !drill.contains("scenario")) {
    return "not a drill's document\n";
  }
  std::size_t failed = 0;
  const json expectations = drill.value("expectations", json::array());
  for (const json& expectation : expectations) {
    failed += expectation.value("passed", false) ? 0 : 1;
  }
  std::string text = fmt::format("{}: {}, {} of {} expectations met\n", drill.value("scenario", ""),
                                 verdict(drill), expectations.size() - failed, expectations.size());
  for (const json& soak : drill.value("soaks", json::array())) {
    text += soak_text(soak);
  }
  for (const json& upgrade :
       is_soaked(drill) ? json::array() : drill.value("upgrades", json::array())) {
    if (!upgrade.is_object()) {
      text += "  an upgrade that left no result\n";
      continue;
    }
    text +=
        fmt::format("  {} -> {}, {}\n    {}\n    {}\n    {}\n", upgrade.value("from", ""),
                    upgrade.value("to", ""), upgrade.value("outcome", ""), data_plane_line(upgrade),
                    control_plane_line(upgrade), routes_line(upgrade));
  }
  return text;
}

}  // namespace issu::drill
