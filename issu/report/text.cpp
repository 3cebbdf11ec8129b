#include <fmt/format.h>

#include "issu/report/document.hpp"
#include "issu/report/sla_text.hpp"

namespace issu::report {
namespace {

using Json = nlohmann::ordered_json;

/// A figure with its unit, or the words for none.
std::string figure(const Json& object, const char* key, const char* unit = "", int digits = 0) {
  const auto value = object.find(key);
  if (value == object.end() || !value->is_number()) {
    return "not measured";
  }
  if (value->is_number_float()) {
    return fmt::format("{:.{}f}{}", value->get<double>(), digits, unit);
  }
  return fmt::format("{}{}", value->get<std::int64_t>(), unit);
}

std::string text_of(const Json& object, const char* key) {
  const auto value = object.find(key);
  return value != object.end() && value->is_string() ? value->get<std::string>() : "";
}

std::string yes_no(const Json& object, const char* key) {
  const auto value = object.find(key);
  if (value == object.end() || !value->is_boolean()) {
    return "not measured";
  }
  return value->get<bool>() ? "yes" : "no";
}

void phases_text(std::string& text, const Json& phases) {
  text += fmt::format("\n  {:<12} {:>9}  {}\n", "phase", "seconds", "result");
  for (const Json& phase : phases) {
    text += fmt::format("  {:<12} {:>9.3f}  {}\n", text_of(phase, "name"),
                        phase.value("seconds", 0.0), text_of(phase, "result"));
  }
}

void data_plane_text(std::string& text, const Json& plane) {
  text += fmt::format("\n  data plane     {} lost of {} sent ({} pps offered), longest gap {}\n",
                      figure(plane, "lost"), figure(plane, "sent"), figure(plane, "rate_pps"),
                      figure(plane, "longest_gap_ms", " ms", 2));
  if (!plane.value("measured", false)) {
    text += fmt::format("                 not measured: {}\n", text_of(plane, "why_not"));
  }
  for (const Json& stream : plane["streams"]) {
    text += fmt::format("    {:<24} sent {:>9}  lost {:>6}  dup {:>4}  reordered {:>4}  {} pps\n",
                        text_of(stream, "name"), figure(stream, "sent"), figure(stream, "lost"),
                        figure(stream, "duplicated"), figure(stream, "reordered"),
                        figure(stream, "rate_pps"));
  }
  if (plane.contains("instrument")) {
    text += fmt::format(
        "    the instrument held {} pps, stood still for {} at most; this machine's limit: {}\n",
        figure(plane["instrument"], "held_pps"),
        figure(plane["instrument"], "send_gap_ms", " ms", 1),
        figure(plane["instrument"], "limit_pps", " pps"));
  }
}

void control_plane_text(std::string& text, const Json& plane) {
  text += fmt::format("\n  control plane  dark for {}\n", figure(plane, "dark_ms", " ms", 1));
  if (!plane.value("measured", false) && plane.contains("why_not")) {
    text += fmt::format("                 not measured: {}\n", text_of(plane, "why_not"));
  }
  for (const Json& part : plane["parts"]) {
    text += fmt::format("    {:<40} {:>10.1f} ms\n", text_of(part, "name"), part.value("ms", 0.0));
  }
  if (plane.contains("frozen_ms")) {
    text += fmt::format("  daemons        frozen for {}, {:.1f} MiB saved\n",
                        figure(plane, "frozen_ms", " ms", 1),
                        plane.value("saved_bytes", 0.0) / (1U << 20U));
    for (const Json& part : plane["frozen_parts"]) {
      text +=
          fmt::format("    {:<40} {:>10.1f} ms\n", text_of(part, "name"), part.value("ms", 0.0));
    }
  }
  if (plane.contains("migration")) {
    const Json& moved = plane["migration"];
    text += fmt::format(
        "  machine        moved in {}, stood still for {} by libvirt's count, ports {} later\n"
        "                 {} bytes sent in {} passes\n",
        figure(moved, "total_ms", " ms", 1), figure(moved, "downtime_ms", " ms", 1),
        figure(moved, "ports_ms", " ms", 1), figure(moved, "bytes"), figure(moved, "iterations"));
  }
  for (const Json& session : plane["sessions"]) {
    const std::string protocol = session.value("protocol", "bgp");
    text +=
        fmt::format("    {:<4} {:<19} down: {:<4} {:>11}  graceful restart: {:<4} withdrawn: {}\n",
                    protocol == "bgp" ? "peer" : protocol, text_of(session, "peer"),
                    yes_no(session, "went_down"), figure(session, "down_ms", " ms", 1),
                    yes_no(session, "graceful_restart"), figure(session, "routes_withdrawn"));
  }
}

}  // namespace

std::string to_text(const Json& document) {
  // One that was refused early does not know all of them.
  std::string how;
  for (const char* key : {"backend", "kind", "strategy"}) {
    const std::string word = text_of(document, key);
    how += word.empty() ? "" : (how.empty() ? "" : ", ") + word;
  }
  const std::string to = text_of(document, "to");
  std::string text =
      fmt::format("{}: {}{} ({}), {}\n", text_of(document, "router"), text_of(document, "id"),
                  to.empty() ? "" : " " + text_of(document, "from") + " -> " + to, how,
                  text_of(document, "outcome"));
  if (const std::string reason = text_of(document, "reason"); !reason.empty()) {
    text += "  because: " + reason + "\n";
  }
  for (const Json& anomaly : document["anomalies"]) {
    text += "  noticed: " + anomaly.get<std::string>() + "\n";
  }
  phases_text(text, document["phases"]);
  data_plane_text(text, document["data_plane"]);
  control_plane_text(text, document["control_plane"]);
  const Json& npu = document["npu"];
  text += fmt::format(
      "\n  NPU ({})   routes before {}, after {}; deleted while dark {}; stale swept {}\n",
      text_of(npu, "driver"), figure(npu, "routes_before"), figure(npu, "routes_after"),
      figure(npu, "deleted_while_dark"), figure(npu, "stale_swept"));
  const Json& rfc = document["rfc7654"];
  text += fmt::format("  RFC 7654       T1 {}  T2 {}  T3 {}  T4 {}  TPL {} frames, {}\n",
                      figure(rfc, "t1_s", " s", 2), figure(rfc, "t2_s", " s", 2),
                      figure(rfc, "t3_s", " s", 2), figure(rfc, "t4_s", " s", 2),
                      figure(rfc, "tpl_frames"), figure(rfc, "tpl_ms", " ms", 2));
  return text + sla_text(document.value("sla", Json()));
}

}  // namespace issu::report
