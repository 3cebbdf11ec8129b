#include "issu/measure/instrument.hpp"

#include <sys/mman.h>
#include <sys/random.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "issu/measure/evaluate.hpp"
#include "issu/measure/send_drops.hpp"

namespace issu::measure {
namespace {

constexpr std::chrono::seconds longest_warm_up{5};
constexpr std::chrono::seconds drain_time{1};
/// So many warm-up frames of a stream must have come through (they are sent 5 ms apart).
constexpr std::uint64_t enough_warm_ups = 20;
constexpr MonoNs sample_interval = 100'000'000;
/// No frame for so long: what is on its way is taken for lost in the live view.
constexpr MonoNs live_patience = 100'000'000;

}  // namespace

Instrument::Instrument(Channels channels, Recorder recorder, std::uint64_t run)
    : channels_(std::move(channels)),
      recorder_(std::move(recorder)),
      receiver_(channels_, run),
      sender_(channels_, run) {}

Result<std::unique_ptr<Instrument>> Instrument::open(const MeasurePlan& plan,
                                                     const std::filesystem::path& folder) {
  auto recorder = Recorder::open(folder);
  if (!recorder) {
    return fail(std::move(recorder).error());
  }
  Channels channels;
  for (const StreamPlan& stream : plan.streams) {
    auto channel = open_channel(stream, static_cast<std::uint16_t>(channels.size()));
    if (!channel) {
      return fail(std::move(channel).error());
    }
    channels.push_back(std::move(*channel));
  }
  std::uint64_t run = 0;
  if (::getrandom(&run, sizeof run, 0) != sizeof run) {
    return fail_errno("asking for a random number");
  }
  std::unique_ptr<Instrument> instrument(
      new Instrument(std::move(channels), std::move(*recorder), run));
  for (const PeerPlan& peer : plan.peers) {
    instrument->watches_.push_back(std::make_unique<PeerWatch>(peer));
  }
  for (const EchoPlan& echo : plan.echoes) {
    auto watch = EchoWatch::open(echo);
    if (!watch) {
      return fail(std::move(watch).error());
    }
    instrument->echoes_.push_back(std::move(*watch));
  }
  return instrument;
}

Live Instrument::look(const char* state) const {
  Live live;
  live.state = state;
  live.at = mono_now();
  live.begin = begin_;
  for (const auto& channel : channels_) {
    LiveStream stream;
    stream.name = channel->plan.name;
    stream.received = channel->received.load(std::memory_order_relaxed);
    stream.lost = channel->passed_over.load(std::memory_order_relaxed);
    const std::uint64_t next = channel->next.load(std::memory_order_relaxed);
    const MonoNs arrived = std::max(channel->last_arrival.load(std::memory_order_relaxed), begin_);
    MonoNs gap = channel->longest_gap.load(std::memory_order_relaxed);
    stream.sent = channel->sent.load(std::memory_order_relaxed);
    if (begin_ != 0 && live.at - arrived > live_patience && stream.sent > next) {
      stream.lost += stream.sent - next;
      gap = std::max(gap, live.at - arrived);
    }
    stream.longest_gap_ms = to_ms(gap);
    live.streams.push_back(stream);
  }
  for (const auto& watch : watches_) {
    const auto sessions = watch->live();
    live.sessions.insert(live.sessions.end(), sessions.begin(), sessions.end());
  }
  return live;
}

Result<void> Instrument::record_events() {
  std::vector<PeerEvent> events = std::exchange(clock_events_, {});
  const auto add = [&events](std::vector<PeerEvent> more) {
    std::move(more.begin(), more.end(), std::back_inserter(events));
  };
  for (const auto& watch : watches_) {
    add(watch->events());
  }
  for (const auto& echo : echoes_) {
    add(echo->events());
  }
  for (const PeerEvent& event : events) {
    ISSU_TRY(recorder_.event(event), "recording what happened at a peer");
  }
  return {};
}

void Instrument::look_at_clocks() {
  constexpr std::size_t most = 100;
  const ClockReading now = read_clocks();
  if (auto words = clocks_.look(now)) {
    clock_events_.push_back({now.mono, "instrument", "clock", *words});
    if (notes_.size() < most) {
      char text[64] = {};
      std::snprintf(text, sizeof text, ", %.1f s after counting began", to_s(now.mono - begin_));
      notes_.push_back(*words + text);
    }
  }
}

std::vector<StreamPlan> Instrument::plans() const {
  std::vector<StreamPlan> plans;
  for (const auto& channel : channels_) {
    plans.push_back(channel->plan);
  }
  return plans;
}

void Instrument::warm_up(const std::function<bool()>& stopped) {
  const auto warm = [](const auto& channel) {
    return channel->warm_ups.load(std::memory_order_relaxed) >= enough_warm_ups;
  };
  const auto looked_at = [this] {
    const Live live = look("warming");
    return std::all_of(live.sessions.begin(), live.sessions.end(),
                       [](const LiveSession& session) { return session.answering; });
  };
  const Deadline deadline = Deadline::in(longest_warm_up);
  static_cast<void>(recorder_.live(look("warming")));
  while (!stopped() && !deadline.passed() &&
         !(std::all_of(channels_.begin(), channels_.end(), warm) && looked_at())) {
    sleep_for(std::chrono::milliseconds(5));
  }
  for (const auto& channel : channels_) {
    flowed_.push_back(warm(channel));
  }
}

Result<void> Instrument::count(const std::function<bool()>& stopped) {
  dropped_sending_ = send_drops(plans());
  wall_begin_ = wall_now();
  begin_ = mono_now();
  look_at_clocks();
  for (const auto& echo : echoes_) {
    echo->begin_counting(begin_);
  }
  for (const auto& watch : watches_) {
    watch->begin_counting();
  }
  receiver_.begin_counting(begin_);
  sender_.begin_counting(begin_);
  MonoNs next = begin_;
  for (bool replace_live = true; !stopped();) {
    if (mono_now() < next) {
      continue;
    }
    next = std::max(next + sample_interval, mono_now());
    look_at_clocks();
    const Live live = look("counting");
    ISSU_TRY(recorder_.sample(live), "recording the timeline");
    ISSU_TRY(record_events(), "recording the timeline");
    if (replace_live) {
      ISSU_TRY(recorder_.live(live), "recording how it stands");
    }
    replace_live = !replace_live;
  }
  return {};
}

StreamResult Instrument::stream_result(Channel& channel) const {
  StreamResult stream;
  stream.name = channel.plan.name;
  stream.rate_pps = channel.plan.rate_pps;
  stream.sent = channel.sent.load();
  stream.skipped = channel.skipped.load();
  stream.refused = channel.refused.load();
  stream.tried_again = channel.tried_again.load();
  stream.overrun = channel.overrun.value_or(0);
  const SequenceAccount& account =
      channel.account ? *channel.account : channel.account.emplace(begin_);
  stream.totals = account.finish(stream.sent);
  stream.gaps = account.gaps(stream.sent);
  stream.latency = latency_of(channel.latency);
  StreamEvidence evidence;
  evidence.flowed = flowed_[channel.index];
  evidence.planned = static_cast<std::uint64_t>(to_s(end_ - begin_) * stream.rate_pps);
  evidence.refused_errno = channel.refused_errno.load();
  evidence.send_gap = sender_.longest_gap();
  evidence.overrun_known = channel.overrun.has_value();
  judge(stream, evidence);
  return stream;
}

Measurement Instrument::measure() {
  Measurement measurement;
  measurement.begin = begin_;
  measurement.end = end_;
  measurement.wall_begin = wall_begin_;
  InstrumentResult& own = measurement.instrument;
  own.realtime = sender_.realtime() && receiver_.realtime();
  own.send_gap_ms = to_ms(sender_.longest_gap());
  own.receive_wait_ms = to_ms(receiver_.longest_wait());
  own.clock_set_ms = clocks_.set_ms();
  own.dropped_sending = dropped_sending_;
  own.notes = notes_;
  if (dropped_sending_ && *dropped_sending_ > 0) {
    own.notes.push_back(std::to_string(*dropped_sending_) +
                        " frames never left the sending side: its queue was full, or its port was "
                        "down; they count as lost");
  }
  if (clocks_.slept_ms() > 0) {
    own.faults.emplace_back("the machine slept in the middle: what happened then was not seen");
  }
  if (!receiver_.fault().empty()) {
    own.faults.push_back(receiver_.fault());
  }
  for (const auto& channel : channels_) {
    measurement.streams.push_back(stream_result(*channel));
  }
  for (const auto& watch : watches_) {
    auto sessions = watch->finish(end_);
    std::move(sessions.begin(), sessions.end(), std::back_inserter(measurement.sessions));
  }
  for (const auto& echo : echoes_) {
    measurement.echoes.push_back(echo->finish());
  }
  sum_up(measurement);
  return measurement;
}

Result<void> Instrument::run(const std::function<bool()>& stopped) {
  // Without the right to lock memory the pages are touched all the same; only slower at first.
  static_cast<void>(::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT));
  for (const auto& watch : watches_) {
    watch->start();
  }
  for (const auto& echo : echoes_) {
    echo->start();
  }
  ISSU_TRY(receiver_.start(), "starting the receiver");
  sender_.start();
  warm_up(stopped);
  auto counted = count(stopped);
  sender_.stop();
  end_ = mono_now();
  for (const auto& echo : echoes_) {
    echo->ask_no_more();
  }
  static_cast<void>(recorder_.live(look("draining")));
  sleep_for(drain_time);
  receiver_.stop();
  const auto dropped = send_drops(plans());
  dropped_sending_ = dropped && dropped_sending_
                         ? std::optional(*dropped - std::min(*dropped, *dropped_sending_))
                         : std::nullopt;
  look_at_clocks();
  for (const auto& echo : echoes_) {
    echo->stop();
  }
  for (const auto& watch : watches_) {
    watch->stop();
  }
  ISSU_TRY(counted, "measuring");
  ISSU_TRY(record_events(), "measuring");
  const Live last = look("done");
  ISSU_TRY(recorder_.sample(last), "measuring");
  ISSU_TRY(recorder_.result(measure()), "writing the result");
  return recorder_.live(last);
}

}  // namespace issu::measure
