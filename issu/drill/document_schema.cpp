#include "issu/drill/document_schema.hpp"

#include <algorithm>

namespace issu::drill {

const std::vector<Field>& result_fields() {
  using enum FieldType;
  static const std::vector<Field> kFields{
      {"exit_code", number},
      {"id", text},
      {"router", text},
      {"backend", text},
      {"kind", text},
      {"strategy", text},
      {"from", text},
      {"to", text},
      {"outcome", text},
      {"reason", text},
      {"phases[*].name", text},
      {"phases[*].seconds", number},
      {"phases[*].result", text},
      {"phases[*].from_s", number},
      {"data_plane.measured", boolean},
      {"data_plane.rate_pps", number},
      {"data_plane.sent", number},
      {"data_plane.lost", number},
      {"data_plane.duplicated", number},
      {"data_plane.reordered", number},
      {"data_plane.longest_gap_ms", number},
      {"data_plane.why_not", text},
      {"data_plane.streams[*].name", text},
      {"data_plane.streams[*].measured", boolean},
      {"data_plane.streams[*].rate_pps", number},
      {"data_plane.streams[*].sent", number},
      {"data_plane.streams[*].received", number},
      {"data_plane.streams[*].lost", number},
      {"data_plane.streams[*].duplicated", number},
      {"data_plane.streams[*].reordered", number},
      {"data_plane.streams[*].longest_gap_ms", number},
      {"data_plane.streams[*].total_gap_ms", number},
      {"data_plane.streams[*].impact_frame_loss_ms", number},
      {"data_plane.streams[*].impact_timestamp_ms", number},
      {"data_plane.streams[*].latency_us.min", number},
      {"data_plane.streams[*].latency_us.p50", number},
      {"data_plane.streams[*].latency_us.p90", number},
      {"data_plane.streams[*].latency_us.p99", number},
      {"data_plane.streams[*].latency_us.p999", number},
      {"data_plane.streams[*].latency_us.max", number},
      {"data_plane.instrument.held_pps", number},
      {"data_plane.instrument.limit_pps", number},
      {"data_plane.instrument.skipped", number},
      {"data_plane.instrument.refused", number},
      {"data_plane.instrument.dropped_sending", number},
      {"data_plane.instrument.overrun", number},
      {"data_plane.instrument.send_gap_ms", number},
      {"data_plane.instrument.receive_wait_ms", number},
      {"data_plane.instrument.clock_set_ms", number},
      {"control_plane.measured", boolean},
      {"control_plane.dark_ms", number},
      {"control_plane.why_not", text},
      {"control_plane.parts[*].name", text},
      {"control_plane.parts[*].ms", number},
      {"control_plane.frozen_ms", number},
      {"control_plane.saved_bytes", number},
      {"control_plane.frozen_parts[*].name", text},
      {"control_plane.frozen_parts[*].ms", number},
      {"control_plane.migration.total_ms", number},
      {"control_plane.migration.downtime_ms", number},
      {"control_plane.migration.bytes", number},
      {"control_plane.migration.iterations", number},
      {"control_plane.migration.ports_ms", number},
      {"control_plane.sessions[*].peer", text},
      {"control_plane.sessions[*].protocol", text},
      {"control_plane.sessions[*].measured", boolean},
      {"control_plane.sessions[*].went_down", boolean},
      {"control_plane.sessions[*].down_ms", number},
      {"control_plane.sessions[*].graceful_restart", boolean},
      {"control_plane.sessions[*].routes_withdrawn", number},
      {"control_plane.sessions[*].routes_updated", number},
      {"control_plane.sessions[*].changes[*].ms", number},
      {"control_plane.sessions[*].changes[*].what", text},
      {"control_plane.sessions[*].changes[*].routes", number},
      {"control_plane.echoes[*].name", text},
      {"control_plane.echoes[*].address", text},
      {"control_plane.echoes[*].measured", boolean},
      {"control_plane.echoes[*].rate_pps", number},
      {"control_plane.echoes[*].asked", number},
      {"control_plane.echoes[*].answered", number},
      {"control_plane.echoes[*].longest_silence_ms", number},
      {"control_plane.echoes[*].answering_after", boolean},
      {"control_plane.echoes[*].silences[*].from_ms", number},
      {"control_plane.echoes[*].silences[*].to_ms", number},
      {"npu.driver", text},
      {"npu.routes_before", number},
      {"npu.routes_after", number},
      {"npu.deleted_while_dark", number},
      {"npu.stale_swept", number},
      {"rfc7654.t1_s", number},
      {"rfc7654.t2_s", number},
      {"rfc7654.t3_s", number},
      {"rfc7654.t4_s", number},
      {"rfc7654.tpl_frames", number},
      {"rfc7654.tpl_ms", number},
      {"rfc7654.load.frames_per_s", number},
      {"rfc7654.load.bits_per_s", number},
      {"rfc7654.device.kernel", text},
      {"rfc7654.device.slot_kernel", text},
      {"rfc7654.configuration.compared", boolean},
      {"rfc7654.configuration.why_not", text},
      {"sla.predicted_ms", number},
      {"sla.measured_ms", number},
      {"sla.budget_ms", number},
      {"sla.left_ms", number, true},
      {"sla.over_budget", boolean},
      {"sla.forecast.runs", number},
      {"sla.forecast.why_not", text},
      {"sla.forecast.dark_ms.expected", number},
      {"sla.forecast.dark_ms.low", number},
      {"sla.forecast.dark_ms.high", number},
      {"sla.forecast.dark_ms.measured", number},
      {"sla.forecast.dark_ms.error", number, true},
      {"sla.forecast.dark_ms.inside", boolean},
      {"sla.forecast.impact_ms.expected", number},
      {"sla.forecast.impact_ms.low", number},
      {"sla.forecast.impact_ms.high", number},
      {"sla.forecast.impact_ms.measured", number},
      {"sla.forecast.impact_ms.error", number, true},
      {"sla.forecast.impact_ms.inside", boolean},
      {"clock.duration_s", number},
      {"clock.stepped_s", number, true},
  };
  return kFields;
}

std::string dotted(std::string_view path) {
  if (!path.starts_with('/')) {
    return std::string(path);
  }
  std::string text;
  path.remove_prefix(1);
  while (true) {
    const auto slash = path.find('/');
    const std::string_view word = path.substr(0, slash);
    const bool index = !word.empty() && std::all_of(word.begin(), word.end(),
                                                    [](char c) { return c >= '0' && c <= '9'; });
    if (index || word == "*") {
      text += "[" + std::string(word) + "]";
    } else {
      text += (text.empty() ? "" : ".") + std::string(word);
    }
    if (slash == std::string_view::npos) {
      return text;
    }
    path.remove_prefix(slash + 1);
  }
}

std::string generic(std::string_view path) {
  std::string text;
  bool inside = false;
  for (const char c : dotted(path)) {
    if (c == ']') {
      inside = false;
      text += "*]";
    } else if (!inside) {
      text += c;
      inside = c == '[';
    }
  }
  return text;
}

const Field* field_of(std::string_view path) {
  const std::string wanted = generic(path);
  for (const Field& field : result_fields()) {
    if (field.path == wanted) {
      return &field;
    }
  }
  return nullptr;
}

}  // namespace issu::drill
