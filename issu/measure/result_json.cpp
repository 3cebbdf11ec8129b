#include "issu/measure/result_json.hpp"

#include <nlohmann/json.hpp>

// The serializer finds these by their names in the namespace of the type.
NLOHMANN_JSON_NAMESPACE_BEGIN
template <typename T>
struct adl_serializer<std::optional<T>> {
  static void to_json(json& document, const std::optional<T>& value) {
    document = value ? json(*value) : json(nullptr);
  }
  static void from_json(const json& document, std::optional<T>& value) {
    value = document.is_null() ? std::nullopt : std::optional<T>(document.get<T>());
  }
};
NLOHMANN_JSON_NAMESPACE_END

namespace issu::measure {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Gap, before, after, lost)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SequenceTotals, received, lost, duplicated, reordered, too_late,
                                   gap_count, longest_gap, total_gap, first_loss, last_loss,
                                   longest_silence, came_back)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LatencyBucket, up_to_us, frames)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Latency, min_us, p50_us, p90_us, p99_us, p999_us, max_us,
                                   histogram)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StreamResult, name, measured, why_not, rate_pps, sent, skipped,
                                   refused, tried_again, overrun, totals, impact_loss_ms,
                                   impact_timestamp_ms, latency, gaps)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(InstrumentResult, realtime, send_gap_ms, receive_wait_ms,
                                   dropped_sending, clock_set_ms, notes, faults)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SessionDown, down, up)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SessionChange, at, what, routes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Silence, from, to, unanswered)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EchoResult, name, address, measured, why_not, rate_pps, asked,
                                   answered, longest_silence_ms, silent_ms, answering_after,
                                   silences)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SessionResult, peer, session, protocol, measured, why_not,
                                   established_before, established_after, went_down, down_ms,
                                   longest_down_ms, downs, graceful_restart, routes_withdrawn,
                                   routes_updated, routes_before, routes_min, routes_after,
                                   end_of_rib, unanswered_ms, changes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Measurement, measured, died, why_not, begin, end, wall_begin,
                                   rate_pps, sent, received, lost, duplicated, reordered,
                                   longest_gap_ms, streams, instrument, sessions, echoes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LiveStream, name, sent, received, lost, longest_gap_ms)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LiveSession, peer, session, answering, established, went_down,
                                   longest_down_ms, routes, routes_withdrawn)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Live, state, at, begin, streams, sessions)

namespace {

template <typename T>
Result<T> read(std::string_view text, const char* what) {
  try {
    return nlohmann::json::parse(text).get<T>();
  } catch (const std::exception& error) {
    return fail(std::string(what) + " can't be read: " + error.what());
  }
}

}  // namespace

std::string measurement_to_json(const Measurement& measurement) {
  return nlohmann::json(measurement).dump(1, ' ', false, nlohmann::json::error_handler_t::replace) +
         "\n";
}

Result<Measurement> measurement_from_json(std::string_view text) {
  return read<Measurement>(text, "the measurement");
}

std::string live_to_json(const Live& live) {
  return nlohmann::json(live).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Result<Live> live_from_json(std::string_view text) {
  return read<Live>(text, "the live measurement");
}

}  // namespace issu::measure
