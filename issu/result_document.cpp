#include "issu/result_document.hpp"

#include <algorithm>

#include "issu/base/json.hpp"
#include "issu/dark_parts.hpp"
#include "issu/measure/evaluate.hpp"
#include "issu/measure/limit.hpp"
#include "issu/measure/probe.hpp"
#include "issu/report/document.hpp"
#include "issu/result_setting.hpp"
#include "issu/run_clock.hpp"

namespace issu {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : "; ") + word;
  }
  return text;
}

std::vector<report::PhaseLine> phase_lines(const Records& records) {
  std::vector<report::PhaseLine> lines;
  MonoNs begun = 0;
  const auto start = [&](const Record& record, bool undo) {
    lines.push_back(
        {(undo ? "undo of " : "") + std::string(name_of(*record.phase)), 0, "interrupted", ""});
    begun = record.mono;
    // A monotonic clock that runs behind the first record's is that of another boot.
    if (begun >= records.front().mono) {
      lines.back().from_s = to_s(begun - records.front().mono);
    }
  };
  for (const Record& record : records) {
    switch (record.event) {
      case Event::begun:
        start(record, false);
        break;
      case Event::undoing:
        start(record, true);
        break;
      case Event::done:
      case Event::undone:
      case Event::failed:
        if (lines.empty()) {
          break;  // no phase was begun: this is no journal of ours
        }
        lines.back().seconds = to_s(record.mono - begun);
        lines.back().result = record.event == Event::done     ? "ok"
                              : record.event == Event::undone ? "undone"
                                                              : "failed";
        lines.back().why = record.event == Event::failed ? record.text : "";
        break;
      default:
        break;
    }
  }
  return lines;
}

/// Seconds of the phases named, when all of them were done.
std::optional<double> seconds_of(const std::vector<report::PhaseLine>& lines,
                                 std::initializer_list<Phase> phases) {
  double sum = 0;
  for (const Phase phase : phases) {
    bool found = false;
    for (const report::PhaseLine& line : lines) {
      if (line.name == name_of(phase)) {
        sum += line.seconds;
        found = found || line.result == "ok";
      }
    }
    if (!found) {
      return std::nullopt;
    }
  }
  return sum;
}

report::StreamLine stream_line(const measure::StreamResult& stream, bool died) {
  report::StreamLine line;
  line.name = stream.name;
  line.measured = stream.measured;
  line.why_not = joined(stream.why_not);
  line.rate_pps = stream.rate_pps;
  if (!died) {
    line.sent = stream.sent;
    line.received = stream.totals.received;
  }
  line.lost = stream.totals.lost;
  line.duplicated = stream.totals.duplicated;
  line.reordered = stream.totals.reordered;
  line.longest_gap_ms = to_ms(stream.totals.longest_gap);
  line.total_gap_ms = to_ms(stream.totals.total_gap);
  line.impact_frame_loss_ms = stream.impact_loss_ms;
  if (stream.measured) {
    line.impact_timestamp_ms = stream.impact_timestamp_ms;
    line.latency_min_us = stream.latency.min_us;
    line.latency_p50_us = stream.latency.p50_us;
    line.latency_p90_us = stream.latency.p90_us;
    line.latency_p99_us = stream.latency.p99_us;
    line.latency_p999_us = stream.latency.p999_us;
    line.latency_max_us = stream.latency.max_us;
  }
  return line;
}

report::InstrumentLine instrument_line(const measure::Measurement& seen) {
  report::InstrumentLine line;
  if (seen.died) {
    return line;
  }
  std::uint64_t skipped = 0;
  std::uint64_t refused = 0;
  std::uint64_t overrun = 0;
  for (const measure::StreamResult& stream : seen.streams) {
    skipped += stream.skipped;
    refused += stream.refused;
    overrun += stream.overrun;
  }
  if (seen.end > seen.begin && !seen.streams.empty()) {
    line.held_pps = static_cast<double>(seen.sent) / to_s(seen.end - seen.begin);
  }
  line.skipped = skipped;
  line.refused = refused;
  line.dropped_sending = seen.instrument.dropped_sending;
  line.overrun = overrun;
  line.send_gap_ms = seen.instrument.send_gap_ms;
  line.receive_wait_ms = seen.instrument.receive_wait_ms;
  line.clock_set_ms = seen.instrument.clock_set_ms;
  return line;
}

report::DataPlane data_plane(const measure::Measurement& seen, const measure::MeasurePlan& plan) {
  report::DataPlane plane;
  plane.measured = seen.measured && !seen.streams.empty();
  const bool none = seen.streams.empty() && plan.streams.empty() && !seen.died;
  plane.why_not = none ? "no probe stream is configured" : joined(seen.why_not);
  plane.rate_pps = seen.rate_pps;
  if (seen.rate_pps == 0) {
    for (const measure::StreamPlan& stream : plan.streams) {
      plane.rate_pps += stream.rate_pps;
    }
  }
  if (!seen.died) {
    plane.sent = seen.sent;
  }
  plane.instrument = instrument_line(seen);
  plane.lost = seen.lost;
  plane.duplicated = seen.duplicated;
  plane.reordered = seen.reordered;
  plane.longest_gap_ms = seen.longest_gap_ms;
  for (const measure::StreamResult& stream : seen.streams) {
    plane.streams.push_back(stream_line(stream, seen.died));
  }
  return plane;
}

const Record* first_of(const Records& records, Event event, Phase phase) {
  const auto found = std::find_if(records.begin(), records.end(), [&](const Record& record) {
    return record.event == event && record.phase == phase;
  });
  return found == records.end() ? nullptr : &*found;
}

std::vector<report::SessionChangeLine> change_lines(const measure::SessionResult& session,
                                                    MonoNs begin) {
  std::vector<report::SessionChangeLine> lines;
  for (const measure::SessionChange& change : session.changes) {
    lines.push_back({to_ms(change.at - begin), change.what, change.routes});
  }
  return lines;
}

report::EchoLine echo_line(const measure::EchoResult& echo, MonoNs begin) {
  report::EchoLine line;
  line.name = echo.name;
  line.address = echo.address;
  line.measured = echo.measured;
  line.why_not = echo.why_not;
  line.rate_pps = echo.rate_pps;
  line.asked = echo.asked;
  line.answered = echo.answered;
  line.longest_silence_ms = echo.longest_silence_ms;
  line.answering_after = echo.answering_after;
  for (const measure::Silence& silence : echo.silences) {
    line.silences.push_back(
        {to_ms(silence.from - begin),
         silence.to == 0 ? std::nullopt : std::optional(to_ms(silence.to - begin))});
  }
  return line;
}

report::ControlPlane control_plane(const Records& records, const measure::Measurement& seen,
                                   const measure::MeasurePlan& plan) {
  report::ControlPlane plane;
  for (const measure::SessionResult& session : seen.sessions) {
    report::SessionLine line;
    line.peer = session.peer + " " + session.session;
    line.protocol = session.protocol;
    line.measured = session.measured;
    line.went_down = session.went_down;
    line.down_ms = session.down_ms;
    line.graceful_restart = session.graceful_restart.value_or(false);
    line.routes_withdrawn = session.routes_withdrawn;
    line.routes_updated = session.routes_updated;
    line.why_not = session.why_not;
    line.changes = change_lines(session, seen.begin);
    plane.sessions.push_back(line);
    if (!session.measured) {
      plane.why_not += (plane.why_not.empty() ? "" : "; ") + session.peer + ": " + session.why_not;
    }
  }
  for (const measure::EchoResult& echo : seen.echoes) {
    plane.echoes.push_back(echo_line(echo, seen.begin));
  }
  if (seen.died) {
    plane.why_not = joined(seen.why_not);  // once, not for each session
  }
  if (seen.sessions.empty()) {
    if (!seen.died) {
      plane.why_not = plan.peers.empty() ? "no peer is watched" : joined(seen.why_not);
    }
    return plane;
  }
  const auto freeze = facts_of(records, Phase::freeze);
  const MonoNs from = value_of(freeze, "dark_from", seen.begin);
  const auto dark = measure::control_plane_dark(seen, from, seen.end);
  plane.measured = dark.has_value();
  plane.dark_ms = dark;
  if (dark && freeze.contains("dark_from")) {
    plane.parts = dark_parts(records, from, *dark);
  }
  return plane;
}

/// What the last record of a kind for a phase says under a key, when there is one.
std::optional<std::uint64_t> fact(const Records& records, Event event, Phase phase,
                                  const char* key) {
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    if (record->event == event && record->phase == phase && record->facts.contains(key)) {
      return value_of(record->facts, key, std::uint64_t{0});
    }
  }
  return std::nullopt;
}

report::NpuTables npu_tables(const RouterParts& parts, const Records& records) {
  report::NpuTables tables;
  tables.driver = parts.npu.driver();
  tables.routes_before = fact(records, Event::done, Phase::checkpoint, "routes");
  const bool back = first_of(records, Event::undone, Phase::freeze) != nullptr;
  const Event event = back ? Event::undone : Event::done;
  const Phase phase = back ? Phase::freeze : Phase::reconcile;
  tables.deleted_while_dark = fact(records, event, phase, "deleted");
  tables.stale_swept = fact(records, event, phase, "swept");
  if (auto size = parts.npu.size(); size && tables.routes_before) {
    tables.routes_after = size->total();
  }
  return tables;
}

std::vector<std::string> anomalies(const Records& records) {
  std::vector<std::string> found;
  for (const Record& record : records) {
    if (record.event == Event::undone && record.facts.contains("unswept")) {
      found.push_back("left unswept: " + text_of(record.facts["unswept"]));
    }
    if (record.event == Event::undone && record.facts.contains("left_over")) {
      found.push_back("left over: " + text_of(record.facts["left_over"]));
    }
    if (record.event == Event::undone && record.facts.contains("cold_start")) {
      found.push_back("the machine could not be brought back as it ran, it was started anew: " +
                      text_of(record.facts["cold_start"]));
    }
    if (record.event == Event::done && record.facts.contains("below_minimum")) {
      found.push_back("run by --allow-below-minimum: " + text_of(record.facts["below_minimum"]));
    }
    if (record.event == Event::done && record.facts.contains("cold_way_back")) {
      found.push_back("the old side was not saved, the way back was a start from nothing: " +
                      text_of(record.facts["cold_way_back"]));
    }
    if (record.event == Event::done && record.facts.contains("first_try")) {
      found.push_back("the daemons were restored at the second try, the first said: " +
                      text_of(record.facts["first_try"]));
    }
    if (record.event == Event::failed && record.facts.contains("undo")) {
      found.push_back(record.text);
    }
  }
  const auto lines = phase_lines(records);
  for (const report::PhaseLine& line : lines) {
    if (line.result == "interrupted") {
      found.push_back("the coordinator ended in " + line.name + " and was resumed");
    }
  }
  return found;
}

}  // namespace

nlohmann::ordered_json build_document(const RouterParts& parts, const Context& context,
                                      const Records& records, const Decision& decision) {
  report::Document document;
  const auto preflight = facts_of(records, Phase::preflight);
  document.id = context.options.id;
  document.router = parts.config.router.name;
  document.started = records.empty() ? "" : iso_time(records.front().wall);
  document.backend = parts.rp.backend();
  document.kind = value_of(preflight, "kind", "");
  document.strategy = context.options.strategy;
  document.from = value_of(preflight, "from", "");
  document.to = value_of(preflight, "to", "");
  document.outcome = name_of(decision.outcome);
  document.reason = decision.reason;
  document.anomalies = anomalies(records);
  const RunClock clock = run_clock(records, boot_id());
  if (const std::string stepped = clock_anomaly(clock); !stepped.empty()) {
    document.anomalies.push_back(stepped);
  }
  document.phases = phase_lines(records);
  if (preflight.contains("predicted_ms")) {
    document.predicted_ms = value_of(preflight, "predicted_ms", 0.0);
  }
  document.budget_ms = parts.config.budgets.control_plane_dark_ms;
  document.t1_s = seconds_of(document.phases, {Phase::preflight, Phase::stage});
  document.t2_s = seconds_of(document.phases,
                             {Phase::checkpoint, Phase::presync, Phase::freeze, Phase::switchover});
  document.t3_s = seconds_of(document.phases, {Phase::reconcile, Phase::commit});
  document.npu = npu_tables(parts, records);
  const bool started = first_of(records, Event::begun, Phase::stage) != nullptr;
  document.setting = setting_of(parts, context);
  if (auto seen = measure::read_result(context.instrument.dir()); started && seen) {
    document.data_plane = data_plane(*seen, context.instrument.plan());
    document.data_plane.instrument.limit_pps =
        measure::kept_limit(parts.config.router.state_dir / "measure-limit.json");
    document.anomalies.insert(document.anomalies.end(), seen->instrument.notes.begin(),
                              seen->instrument.notes.end());
    document.control_plane = control_plane(records, *seen, context.instrument.plan());
    document.control_plane.frozen = frozen(records);
    document.control_plane.migration = migration(records);
    document.setting.anomalies_after = anomalies_after(*seen, document.npu);
    document.timeline = timeline_of(context, records, seen->begin == 0 ? nullptr : &*seen);
    document.evidence = context.instrument.dir().string();
  } else {
    const std::string why = started ? "the measurement left no result" : "nothing was begun";
    document.data_plane.why_not = why;
    document.control_plane.why_not = why;
  }
  auto json = report::to_json(document);
  json["clock"] = to_json(clock);
  return json;
}

}  // namespace issu
