#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "issu/report/setting.hpp"

namespace issu::report {

/// One phase as it went; `result` is "ok", "failed", "undone" or "interrupted".
struct PhaseLine {
  std::string name;
  double seconds = 0;
  std::string result;
  std::string why;  ///< of a failure
  /// From the document's `started`; none where the machine was booted in between.
  std::optional<double> from_s = std::nullopt;
};

/// One probe stream.
struct StreamLine {
  std::string name;
  bool measured = false;
  std::string why_not;
  double rate_pps = 0;
  std::optional<std::uint64_t> sent;  ///< no value: the instrument died
  std::optional<std::uint64_t> received;
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  double longest_gap_ms = 0;
  double total_gap_ms = 0;
  double impact_frame_loss_ms = 0;            ///< lost / offered rate
  std::optional<double> impact_timestamp_ms;  ///< RFC 6201
  std::optional<double> latency_min_us;
  std::optional<double> latency_p50_us;
  std::optional<double> latency_p90_us;
  std::optional<double> latency_p99_us;
  std::optional<double> latency_p999_us;
  std::optional<double> latency_max_us;
};

/// The instrument's account of itself.
struct InstrumentLine {
  std::optional<double> held_pps;        ///< frames really sent a second, all streams
  std::optional<double> limit_pps;       ///< loss-free on this machine, by `issu measure limit`
  std::optional<std::uint64_t> skipped;  ///< planned and not sent: it was held up
  std::optional<std::uint64_t> refused;  ///< by the sender's sockets
  std::optional<std::uint64_t> dropped_sending;  ///< by the sending side's own queues and ports
  std::optional<std::uint64_t> overrun;          ///< the receiver's own buffer
  std::optional<double> send_gap_ms;
  std::optional<double> receive_wait_ms;
  std::optional<double> clock_set_ms;
};

/// What came out of the router, seen from outside.
struct DataPlane {
  bool measured = false;
  std::string why_not;
  double rate_pps = 0;                ///< all streams together
  std::optional<std::uint64_t> sent;  ///< no value: nothing was measured, or the instrument died
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  double longest_gap_ms = 0;
  std::vector<StreamLine> streams;
  InstrumentLine instrument;
};

/// What a peer saw of a session at one moment.
struct SessionChangeLine {
  double ms = 0;  ///< since counting began
  std::string what;
  std::uint64_t routes = 0;  ///< of "updates" and "withdrawals"
};

/// One session as its peer saw it.
struct SessionLine {
  std::string peer;
  std::string protocol = "bgp";  ///< "ospf", "bfd"
  bool measured = false;
  bool went_down = false;
  double down_ms = 0;
  bool graceful_restart = false;
  std::uint64_t routes_withdrawn = 0;
  std::uint64_t routes_updated = 0;
  std::string why_not;
  std::vector<SessionChangeLine> changes;
};

/// One of the router's own addresses, asked by echo from outside.
struct EchoLine {
  std::string name;
  std::string address;
  bool measured = false;
  std::string why_not;
  double rate_pps = 0;
  std::uint64_t asked = 0;
  std::uint64_t answered = 0;
  double longest_silence_ms = 0;
  bool answering_after = false;
  struct Silence {
    double from_ms = 0;           ///< last answer before, since counting began
    std::optional<double> to_ms;  ///< first after; none: it did not answer any more
  };
  std::vector<Silence> silences;
};

/// One part of the dark time.
struct DarkPart {
  std::string name;
  double ms = 0;
};

/// Daemons that were frozen and went on: what happened inside, whatever the peers noticed.
struct Frozen {
  std::optional<double> ms;     ///< from the first packet held back to the first let through
  std::vector<DarkPart> parts;  ///< add up to `ms`
  std::uint64_t bytes = 0;      ///< of the saved state
};

/// A machine that moved as it ran, by its hypervisor's count. No value: it does not know any more.
struct Migration {
  std::optional<double> total_ms;
  std::optional<double> downtime_ms;  ///< nothing ran in either slot
  std::optional<std::uint64_t> bytes;
  std::optional<std::uint64_t> iterations;  ///< passes over the machine's memory
  std::optional<double> ports_ms;           ///< from there until the NPU's ports were moved
};

struct ControlPlane {
  bool measured = false;
  std::string why_not;
  std::optional<double> dark_ms;
  std::vector<DarkPart> parts;
  std::vector<SessionLine> sessions;
  std::vector<EchoLine> echoes;
  std::optional<Frozen> frozen;
  std::optional<Migration> migration;
};

struct NpuTables {
  std::string driver;
  std::optional<std::uint64_t> routes_before;
  std::optional<std::uint64_t> routes_after;
  std::optional<std::uint64_t> deleted_while_dark;
  std::optional<std::uint64_t> stale_swept;
};

/// Frames of one stream, bucket by bucket.
struct TimelineStream {
  std::string name;
  std::vector<std::uint64_t> sent;
  std::vector<std::uint64_t> received;
  std::optional<std::vector<std::uint64_t>> lost;  ///< none: not measured, or more gaps than kept
};

/// A time in which a session was down at its peer, from the document's `started`.
struct TimelineDown {
  double from_s = 0;
  std::optional<double> to_s;  ///< none: not up again
};

struct TimelineSession {
  std::string peer;
  std::string protocol;
  bool measured = false;
  std::vector<TimelineDown> downs;
};

/// What was seen when: coarse, for a picture. The figures themselves are elsewhere.
struct Timeline {
  double from_s = 0;  ///< of the first bucket, from the document's `started`
  double step_s = 0;  ///< of each bucket
  std::vector<TimelineStream> streams;
  std::optional<std::vector<TimelineSession>> sessions;  ///< none: the measurement left no result
};

/// The result of an upgrade. A number that was not measured has no value: null, never 0.
struct Document {
  std::string id;
  std::string router;
  std::string backend;
  std::string kind;
  std::string strategy;
  std::string from;
  std::string to;
  std::string outcome;
  std::string reason;   ///< why it was refused, went back or needs a person
  std::string started;  ///< ISO time
  std::vector<std::string> anomalies;
  std::vector<PhaseLine> phases;
  DataPlane data_plane;
  ControlPlane control_plane;
  NpuTables npu;
  std::optional<double> t1_s, t2_s, t3_s;  ///< RFC 7654, section 7
  std::optional<double> predicted_ms;
  double budget_ms = 0;  ///< control-plane dark time allowed
  Setting setting;
  std::optional<Timeline> timeline;
  std::string evidence;  ///< folder of what the measurement wrote; empty: there is none
};

/// The published form; docs/formats.md describes it.
[[nodiscard]] nlohmann::ordered_json to_json(const Document& document);

/// For people: what happened, in a table. Reads the published form, so that an old upgrade is
/// shown as the new one was.
[[nodiscard]] std::string to_text(const nlohmann::ordered_json& document);
/// What an upgrade says at its end: the same without the sections of RFC 7654.
[[nodiscard]] std::string summary_text(const nlohmann::ordered_json& document);
/// The same as to_text with the averages of RFC 7654 over `trials` (trials_of in rfc7654.hpp).
[[nodiscard]] std::string to_text(const nlohmann::ordered_json& document,
                                  const std::vector<nlohmann::ordered_json>& trials);

}  // namespace issu::report
