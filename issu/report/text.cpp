#include <fmt/format.h>

#include "issu/report/document.hpp"
#include "issu/report/figures.hpp"
#include "issu/report/rfc7654.hpp"
#include "issu/report/sla_text.hpp"

namespace issu::report {
namespace {

using Json = nlohmann::ordered_json;

void phases_text(std::string& text, const Json& phases) {
  text += fmt::format("\n  {:<12} {:>9}  {}\n", "phase", "seconds", "result");
  for (const Json& phase : phases) {
    text += fmt::format("  {:<12} {:>9.3f}  {}\n", text_of(phase, "name"),
                        number_of(phase, "seconds"), text_of(phase, "result"));
  }
}

void data_plane_text(std::string& text, const Json& plane) {
  if (is_measured(plane)) {
    text += fmt::format("\n  data plane     {} lost of {} sent ({} pps offered), longest gap {}\n",
                        figure(plane, "lost"), figure(plane, "sent"), figure(plane, "rate_pps"),
                        figure(plane, "longest_gap_ms", " ms", 2));
  } else {
    const std::string why = text_of(plane, "why_not");
    text += "\n  data plane     not measured: " + (why.empty() ? "no reason is told" : why) + "\n";
    if (number_of(plane, "sent") > 0) {
      text += "                 " + figure(plane, "sent") + " frames were sent\n";
    }
  }
  for (const Json& stream : list_of(plane, "streams")) {
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
  if (is_measured(plane)) {
    text += fmt::format("\n  control plane  dark for {}\n", figure(plane, "dark_ms", " ms", 1));
  } else {
    const std::string why = text_of(plane, "why_not");
    text += "\n  control plane  not measured: " + (why.empty() ? "no reason is told" : why) + "\n";
  }
  for (const Json& part : list_of(plane, "parts")) {
    text += fmt::format("    {:<40} {:>10.1f} ms\n", text_of(part, "name"), number_of(part, "ms"));
  }
  if (plane.contains("frozen_ms")) {
    text += fmt::format("  daemons        frozen for {}, {:.1f} MiB saved\n",
                        figure(plane, "frozen_ms", " ms", 1),
                        number_of(plane, "saved_bytes") / (1U << 20U));
    for (const Json& part : list_of(plane, "frozen_parts")) {
      text +=
          fmt::format("    {:<40} {:>10.1f} ms\n", text_of(part, "name"), number_of(part, "ms"));
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
  for (const Json& session : list_of(plane, "sessions")) {
    const std::string protocol = text_of(session, "protocol");
    text += fmt::format(
        "    {:<4} {:<19} down: {:<4} {:>11}  graceful restart: {:<4} withdrawn: {}\n",
        protocol.empty() || protocol == "bgp" ? "peer" : protocol, text_of(session, "peer"),
        yes_no(session, "went_down"), figure(session, "down_ms", " ms", 1),
        yes_no(session, "graceful_restart"), figure(session, "routes_withdrawn"));
  }
}

void rfc7654_text(std::string& text, const std::vector<Section>& sections) {
  text += "\n  RFC 7654, section 7\n";
  for (const Section& section : sections) {
    text += "\n  " + section.title + "\n";
    for (const auto& [name, value] : section.rows) {
      text += fmt::format("    {:<40} {}\n", name, value);
    }
  }
}

}  // namespace

std::string to_text(const Json& document) {
  return to_text(document, {document});
}

std::string summary_text(const Json& document) {
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
  for (const Json& anomaly : list_of(document, "anomalies")) {
    text += "  noticed: " + anomaly.get<std::string>() + "\n";
  }
  phases_text(text, list_of(document, "phases"));
  if (text_of(document, "outcome") == "refused") {
    return text + "\n  nothing was touched\n";
  }
  data_plane_text(text, object_of(document, "data_plane"));
  control_plane_text(text, object_of(document, "control_plane"));
  const Json npu = object_of(document, "npu");
  text += fmt::format(
      "\n  NPU ({})   routes before {}, after {}; deleted while dark {}; stale swept {}\n",
      text_of(npu, "driver"), figure(npu, "routes_before"), figure(npu, "routes_after"),
      figure(npu, "deleted_while_dark"), figure(npu, "stale_swept"));
  return text + sla_text(document.value("sla", Json()));
}

std::string to_text(const Json& document, const std::vector<Json>& trials) {
  std::string text = summary_text(document);
  if (text_of(document, "outcome") != "refused") {
    rfc7654_text(text, rfc7654_report(document, trials));
  }
  return text;
}

}  // namespace issu::report
