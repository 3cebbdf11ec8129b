#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "issu/base/clock.hpp"
#include "issu/measure/sequence.hpp"

namespace issu::measure {

/// Frames whose delay was at most `up_to_us` and more than that of the bucket before.
struct LatencyBucket {
  double up_to_us = 0;
  std::uint64_t frames = 0;
};

/// One-way delay through the router, in microseconds.
struct Latency {
  double min_us = 0;
  double p50_us = 0;
  double p90_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  double max_us = 0;
  std::vector<LatencyBucket> histogram;  ///< those that are not empty, in order
};

/// One stream at the end. docs/measurement.md says how each number is taken.
struct StreamResult {
  std::string name;
  bool measured = false;
  std::vector<std::string> why_not;  ///< in words; empty when measured
  double rate_pps = 0;               ///< planned
  std::uint64_t sent = 0;
  std::uint64_t skipped = 0;      ///< planned, not sent because the sender was held up
  std::uint64_t refused = 0;      ///< the sender's socket did not take them; not in `sent`
  std::uint64_t tried_again = 0;  ///< times that the socket was full: the frame went a turn later
  std::uint64_t overrun = 0;      ///< came back, and the receiver's buffer was full
  SequenceTotals totals;
  double impact_loss_ms = 0;       ///< lost frames / offered rate
  double impact_timestamp_ms = 0;  ///< RFC 6201: first frame after minus last before, all gaps
  Latency latency;
  std::vector<Gap> gaps;  ///< the first 1000
};

/// The instrument's account of itself.
struct InstrumentResult {
  bool realtime = false;       ///< its threads had real-time priority
  double send_gap_ms = 0;      ///< longest time between two turns of the sender
  double receive_wait_ms = 0;  ///< longest time that a frame lay in the receiver's buffer
  /// Frames in `sent` that never came onto the wire: the sending side's own queue was full, or its
  /// port was down. They count as lost. None: the namespaces' counters could not be read.
  std::optional<std::uint64_t> dropped_sending;
  double clock_set_ms = 0;          ///< how far the wall clock was set in the meantime
  std::vector<std::string> notes;   ///< what else was noticed, in words
  std::vector<std::string> faults;  ///< a thread that ended early, with the reason
};

/// A time in which a session was not established, seen at the peer.
struct SessionDown {
  MonoNs down = 0;  ///< last proof of life before
  MonoNs up = 0;    ///< first proof of life after; 0: not up again
};

/// Something that a peer saw of a session.
struct SessionChange {
  MonoNs at = 0;
  /// "down", "up", "held", "dropped", "end-of-rib"; "updates", "withdrawals" since the last look
  std::string what;
  std::uint64_t routes = 0;  ///< how many updates or withdrawals
};

/// One session of one peer, as the peer saw it.
struct SessionResult {
  std::string peer;
  std::string session;
  std::string protocol = "bgp";  ///< or "ospf", "bfd": then Established is Full, or Up
  bool measured = false;
  std::string why_not;
  bool established_before = false;  ///< when counting began
  bool established_after = false;   ///< at the end
  bool went_down = false;
  double down_ms = 0;          ///< all downs together
  double longest_down_ms = 0;  ///< of those that ended
  std::vector<SessionDown> downs;
  std::optional<bool> graceful_restart;  ///< the peer kept our routes; none: it never went down
  std::uint64_t routes_withdrawn = 0;    ///< that the peer held and lost
  std::uint64_t routes_updated = 0;      ///< updates received; FRR: only routes that came new
  std::uint64_t routes_before = 0;
  std::uint64_t routes_min = 0;
  std::uint64_t routes_after = 0;
  std::optional<bool> end_of_rib;      ///< after the last up; none: never down, or nobody says so
  double unanswered_ms = 0;            ///< longest time that the peer could not be asked
  std::vector<SessionChange> changes;  ///< the first 1000
};

/// A time in which one of the router's own addresses did not answer, as `SessionDown`.
struct Silence {
  MonoNs from = 0;               ///< last answer before
  MonoNs to = 0;                 ///< first answer after; 0: none came any more
  std::uint64_t unanswered = 0;  ///< questions
};

/// One of the router's own addresses, asked from outside.
struct EchoResult {
  std::string name;
  std::string address;
  bool measured = false;
  std::string why_not;
  double rate_pps = 0;
  std::uint64_t asked = 0;
  std::uint64_t answered = 0;
  double longest_silence_ms = 0;  ///< of those that ended
  double silent_ms = 0;           ///< all; one that did not end: to the end of the run
  bool answering_after = false;   ///< at the end
  std::vector<Silence> silences;  ///< the first 1000
};

/// What one run of the instrument has seen. Times are CLOCK_MONOTONIC.
struct Measurement {
  bool measured = false;  ///< every stream is
  bool died = false;      ///< the instrument left no result: no number of it is known
  std::vector<std::string> why_not;
  MonoNs begin = 0;             ///< counting began
  MonoNs end = 0;               ///< sending ended
  std::int64_t wall_begin = 0;  ///< CLOCK_REALTIME at `begin`
  double rate_pps = 0;          ///< all streams together
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  double longest_gap_ms = 0;
  std::vector<StreamResult> streams;
  InstrumentResult instrument;
  std::vector<SessionResult> sessions;
  std::vector<EchoResult> echoes;
};

/// One stream while it runs.
struct LiveStream {
  std::string name;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;  ///< passed over so far; all in flight too once nothing came for 100 ms
  double longest_gap_ms = 0;
};

struct LiveSession {
  std::string peer;
  std::string session;
  bool answering = false;
  bool established = false;
  bool went_down = false;
  double longest_down_ms = 0;  ///< a down that goes on counts up to the last look
  std::uint64_t routes = 0;
  std::uint64_t routes_withdrawn = 0;
};

/// How a measurement stands: a file that is replaced five times a second.
struct Live {
  std::string state;  ///< "warming", "counting", "draining", "done"
  MonoNs at = 0;      ///< when it was written: an old one is of a dead instrument
  MonoNs begin = 0;   ///< counting began; 0 while warming
  std::vector<LiveStream> streams;
  std::vector<LiveSession> sessions;
  [[nodiscard]] std::uint64_t sent() const;
  [[nodiscard]] std::uint64_t received() const;
  [[nodiscard]] std::uint64_t lost() const;
  [[nodiscard]] double longest_gap_ms() const;
};

}  // namespace issu::measure
