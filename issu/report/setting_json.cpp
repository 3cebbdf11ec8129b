#include <algorithm>

#include "issu/report/json_parts.hpp"

namespace issu::report {
namespace {

using Json = nlohmann::ordered_json;

Json said(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json device_json(const Document& document) {
  const Device& device = document.setting.device;
  return {{"model", said(device.model)},
          {"cpu", said(device.cpu)},
          {"cpus", known(device.cpus)},
          {"memory_bytes", known(device.memory_bytes)},
          {"hypervisor", said(device.hypervisor)},
          {"os", said(device.os)},
          {"kernel", said(device.kernel)},
          {"slot_kernel", said(device.slot_kernel)},
          {"accelerator", said(device.accelerator)},
          {"npu", said(document.npu.driver)}};
}

Json topology_json(const Setting& setting) {
  Json json{{"ports", Json::array()}, {"neighbours", Json::array()}};
  for (const PortLine& port : setting.ports) {
    json["ports"].push_back({{"name", port.name},
                             {"addresses", port.addresses},
                             {"media", said(port.media)},
                             {"speed_bps", nullptr},  // of a virtual link there is none to read
                             {"far_end", said(port.far_end)}});
  }
  for (const NeighbourLine& neighbour : setting.neighbours) {
    json["neighbours"].push_back(
        {{"name", neighbour.name}, {"daemon", neighbour.daemon}, {"sessions", neighbour.sessions}});
  }
  return json;
}

Json load_json(const Setting& setting) {
  double frames = 0;
  double bits = 0;
  for (const LoadLine& line : setting.load) {
    frames += line.rate_pps;
    bits += line.rate_pps * line.frame_bytes * 8;
  }
  Json json{{"frames_per_s", frames},
            {"bits_per_s", bits},
            {"streams", Json::array()},
            {"control_protocols", setting.control_protocols},
            {"prefixes_flapped", 0}};  // the instrument has no negative stimulus
  for (const LoadLine& line : setting.load) {
    json["streams"].push_back({{"name", line.name},
                               {"from", line.from},
                               {"to", line.to},
                               {"protocol", line.family == 4 ? "IPv4 UDP" : "IPv6 UDP"},
                               {"share", frames > 0 ? line.rate_pps / frames : 0.0},
                               {"rate_pps", line.rate_pps},
                               {"frame_bytes", line.frame_bytes},
                               {"prefixes", line.prefixes},
                               {"prefix_lengths", line.prefix_lengths}});
  }
  return json;
}

Json configuration_json(const ConfigurationDelta& delta) {
  Json json{{"compared", delta.compared}};
  if (!delta.compared) {
    json["why_not"] = delta.why_not.empty() ? "nobody asked the daemons" : delta.why_not;
    json["release"] = nullptr;
    json["unexpected"] = nullptr;
    return json;
  }
  json["release"] = delta.release;
  json["unexpected"] = delta.unexpected;
  return json;
}

Json session_json(const TimelineSession& session) {
  Json json{{"peer", session.peer},
            {"protocol", session.protocol},
            {"measured", session.measured},
            {"downs", Json::array()}};
  for (const TimelineDown& down : session.downs) {
    json["downs"].push_back({{"from_s", down.from_s}, {"to_s", known(down.to_s)}});
  }
  return json;
}

}  // namespace

Json rfc7654_json(const Document& document) {
  std::optional<double> t4;
  if (document.t1_s && document.t2_s && document.t3_s) {
    t4 = *document.t1_s + *document.t2_s + *document.t3_s;
  }
  const DataPlane& plane = document.data_plane;
  double impact_ms = 0;
  for (const StreamLine& stream : plane.streams) {
    impact_ms = std::max(impact_ms, stream.impact_frame_loss_ms);
  }
  return {
      {"t1_s", known(document.t1_s)},
      {"t2_s", known(document.t2_s)},
      {"t3_s", known(document.t3_s)},
      {"t4_s", known(t4)},
      {"tpl_frames", when(plane.measured, plane.lost)},
      {"tpl_ms", when(plane.measured, impact_ms)},
      {"device", device_json(document)},
      {"topology", topology_json(document.setting)},
      {"load", load_json(document.setting)},
      {"anomalies", {{"during", document.anomalies}, {"after", document.setting.anomalies_after}}},
      {"configuration", configuration_json(document.setting.configuration)}};
}

Json timeline_json(const Document& document) {
  if (!document.timeline) {
    return nullptr;
  }
  const Timeline& timeline = *document.timeline;
  Json json{{"from_s", timeline.from_s}, {"step_s", timeline.step_s}, {"streams", Json::array()}};
  for (const TimelineStream& stream : timeline.streams) {
    json["streams"].push_back({{"name", stream.name},
                               {"sent", stream.sent},
                               {"received", stream.received},
                               {"lost", known(stream.lost)}});
  }
  json["sessions"] = nullptr;
  if (timeline.sessions) {
    json["sessions"] = Json::array();
    for (const TimelineSession& session : *timeline.sessions) {
      json["sessions"].push_back(session_json(session));
    }
  }
  return json;
}

}  // namespace issu::report
