#include "issu/report/json_parts.hpp"

namespace issu::report {
namespace {

using Json = nlohmann::ordered_json;

Json stream_json(const StreamLine& stream) {
  Json json{{"name", stream.name}, {"measured", stream.measured}};
  if (!stream.measured) {
    json["why_not"] = stream.why_not;
  }
  json["rate_pps"] = stream.rate_pps;
  json["sent"] = known(stream.sent);
  json["received"] = known(stream.received);
  json["lost"] = when(stream.measured, stream.lost);
  json["duplicated"] = when(stream.measured, stream.duplicated);
  json["reordered"] = when(stream.measured, stream.reordered);
  json["longest_gap_ms"] = when(stream.measured, stream.longest_gap_ms);
  json["total_gap_ms"] = when(stream.measured, stream.total_gap_ms);
  json["impact_frame_loss_ms"] = when(stream.measured, stream.impact_frame_loss_ms);
  json["impact_timestamp_ms"] = known(stream.impact_timestamp_ms);
  json["latency_us"] = {
      {"min", known(stream.latency_min_us)},   {"p50", known(stream.latency_p50_us)},
      {"p90", known(stream.latency_p90_us)},   {"p99", known(stream.latency_p99_us)},
      {"p999", known(stream.latency_p999_us)}, {"max", known(stream.latency_max_us)}};
  return json;
}

Json instrument_json(const InstrumentLine& own) {
  return {{"held_pps", known(own.held_pps)},
          {"limit_pps", known(own.limit_pps)},
          {"skipped", known(own.skipped)},
          {"refused", known(own.refused)},
          {"dropped_sending", known(own.dropped_sending)},
          {"overrun", known(own.overrun)},
          {"send_gap_ms", known(own.send_gap_ms)},
          {"receive_wait_ms", known(own.receive_wait_ms)},
          {"clock_set_ms", known(own.clock_set_ms)}};
}

Json session_json(const SessionLine& session) {
  Json json{{"peer", session.peer},
            {"protocol", session.protocol},
            {"measured", session.measured},
            {"went_down", when(session.measured, session.went_down)},
            {"down_ms", when(session.measured, session.down_ms)},
            {"graceful_restart", when(session.measured, session.graceful_restart)},
            {"routes_withdrawn", when(session.measured, session.routes_withdrawn)},
            {"routes_updated", when(session.measured, session.routes_updated)}};
  if (!session.measured) {
    json["why_not"] = session.why_not;
  }
  json["changes"] = Json::array();
  for (const SessionChangeLine& change : session.changes) {
    Json line{{"ms", change.ms}, {"what", change.what}};
    if (change.routes > 0) {
      line["routes"] = change.routes;
    }
    json["changes"].push_back(std::move(line));
  }
  return json;
}

Json echo_json(const EchoLine& echo) {
  Json json{{"name", echo.name}, {"address", echo.address}, {"measured", echo.measured}};
  if (!echo.measured) {
    json["why_not"] = echo.why_not;
  }
  json["rate_pps"] = echo.rate_pps;
  json["asked"] = when(echo.measured, echo.asked);
  json["answered"] = when(echo.measured, echo.answered);
  json["longest_silence_ms"] = when(echo.measured, echo.longest_silence_ms);
  json["answering_after"] = when(echo.measured, echo.answering_after);
  json["silences"] = Json::array();
  for (const EchoLine::Silence& silence : echo.silences) {
    json["silences"].push_back({{"from_ms", silence.from_ms}, {"to_ms", known(silence.to_ms)}});
  }
  return json;
}

Json data_plane_json(const DataPlane& plane) {
  Json json{{"measured", plane.measured}};
  if (!plane.measured) {
    json["why_not"] = plane.why_not;
  }
  json["rate_pps"] = plane.rate_pps;
  json["sent"] = known(plane.sent);
  json["lost"] = when(plane.measured, plane.lost);
  json["duplicated"] = when(plane.measured, plane.duplicated);
  json["reordered"] = when(plane.measured, plane.reordered);
  json["longest_gap_ms"] = when(plane.measured, plane.longest_gap_ms);
  json["streams"] = Json::array();
  for (const StreamLine& stream : plane.streams) {
    json["streams"].push_back(stream_json(stream));
  }
  json["instrument"] = instrument_json(plane.instrument);
  return json;
}

Json control_plane_json(const ControlPlane& plane) {
  Json json{{"measured", plane.measured}};
  if (!plane.measured) {
    json["why_not"] = plane.why_not;
  }
  json["dark_ms"] = known(plane.dark_ms);
  json["parts"] = Json::array();
  for (const DarkPart& part : plane.parts) {
    json["parts"].push_back({{"name", part.name}, {"ms", part.ms}});
  }
  if (plane.frozen) {
    json["frozen_ms"] = known(plane.frozen->ms);
    json["saved_bytes"] = plane.frozen->bytes;
    json["frozen_parts"] = Json::array();
    for (const DarkPart& part : plane.frozen->parts) {
      json["frozen_parts"].push_back({{"name", part.name}, {"ms", part.ms}});
    }
  }
  if (plane.migration) {
    json["migration"] = {{"total_ms", known(plane.migration->total_ms)},
                         {"downtime_ms", known(plane.migration->downtime_ms)},
                         {"bytes", known(plane.migration->bytes)},
                         {"iterations", known(plane.migration->iterations)},
                         {"ports_ms", known(plane.migration->ports_ms)}};
  }
  json["sessions"] = Json::array();
  for (const SessionLine& session : plane.sessions) {
    json["sessions"].push_back(session_json(session));
  }
  json["echoes"] = Json::array();
  for (const EchoLine& echo : plane.echoes) {
    json["echoes"].push_back(echo_json(echo));
  }
  return json;
}

Json sla_json(const Document& document) {
  std::optional<double> left;
  if (document.control_plane.dark_ms) {
    left = document.budget_ms - *document.control_plane.dark_ms;
  }
  return {{"predicted_ms", known(document.predicted_ms)},
          {"measured_ms", known(document.control_plane.dark_ms)},
          {"budget_ms", document.budget_ms},
          {"left_ms", known(left)}};
}

}  // namespace

Json to_json(const Document& document) {
  Json json{
      {"id", document.id},           {"router", document.router}, {"started", document.started},
      {"backend", document.backend}, {"kind", document.kind},     {"strategy", document.strategy},
      {"from", document.from},       {"to", document.to},         {"outcome", document.outcome}};
  if (!document.reason.empty()) {
    json["reason"] = document.reason;
  }
  json["anomalies"] = document.anomalies;
  json["phases"] = Json::array();
  for (const PhaseLine& phase : document.phases) {
    Json line{{"name", phase.name}, {"seconds", phase.seconds}, {"result", phase.result}};
    line["from_s"] = known(phase.from_s);
    if (!phase.why.empty()) {
      line["why"] = phase.why;
    }
    json["phases"].push_back(std::move(line));
  }
  json["data_plane"] = data_plane_json(document.data_plane);
  json["control_plane"] = control_plane_json(document.control_plane);
  json["npu"] = {{"driver", document.npu.driver},
                 {"routes_before", known(document.npu.routes_before)},
                 {"routes_after", known(document.npu.routes_after)},
                 {"deleted_while_dark", known(document.npu.deleted_while_dark)},
                 {"stale_swept", known(document.npu.stale_swept)}};
  json["rfc7654"] = rfc7654_json(document);
  json["sla"] = sla_json(document);
  json["timeline"] = timeline_json(document);
  json["evidence"] = document.evidence.empty() ? Json(nullptr) : Json(document.evidence);
  return json;
}

}  // namespace issu::report
