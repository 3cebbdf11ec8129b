#include "issu/measure/sender.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "issu/measure/frame.hpp"

namespace issu::measure {
namespace {

constexpr MonoNs tick = 500'000;
constexpr MonoNs warm_up_interval = 5'000'000;
constexpr double longest_burst_s = 0.001;
constexpr double most_behind_s = 0.1;
constexpr std::size_t batch = 64;

void sleep_until(MonoNs at) {
  const timespec when{at / 1'000'000'000, at % 1'000'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nullptr);
}

}  // namespace

bool become_realtime() {
  sched_param parameters{};
  parameters.sched_priority = 10;
  return ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &parameters) == 0;
}

/// Buffers of one stream, all touched before the first frame.
struct Sender::Burst {
  explicit Burst(unsigned payload) : bytes(batch * payload, 0), size(payload) {
    for (std::size_t i = 0; i < batch; ++i) {
      vectors[i] = iovec{bytes.data() + i * payload, payload};
      messages[i].msg_hdr.msg_iov = &vectors[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_name = &addresses[i];
    }
  }
  std::vector<std::uint8_t> bytes;
  unsigned size;
  iovec vectors[batch]{};
  sockaddr_storage addresses[batch]{};
  mmsghdr messages[batch]{};
  std::uint64_t turn = 0;    ///< frames that were due so far: chooses the destination
  std::uint64_t number = 0;  ///< frames that the socket took
  MonoNs last_warm_up = 0;
};

void Sender::start() {
  thread_ = std::thread([this] { run(); });
}

void Sender::stop() {
  stop_.store(true);
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Sender::warm_up(Channel& channel, Burst& burst, MonoNs now) {
  if (now - burst.last_warm_up < warm_up_interval) {
    return;
  }
  burst.last_warm_up = now;
  sockaddr_storage address{};
  const socklen_t length = channel.destinations->address(burst.turn++, address);
  std::uint8_t* bytes = burst.bytes.data();
  write_frame(Frame{channel.index, true, run_, 0, now}, {bytes, burst.size});
  ::sendto(channel.sending.get(), bytes, burst.size, MSG_DONTWAIT,
           reinterpret_cast<sockaddr*>(&address), length);
}

bool Sender::send_some(Channel& channel, Burst& burst, std::uint64_t count) {
  const MonoNs now = mono_now();
  for (std::size_t i = 0; i < count; ++i) {
    msghdr& header = burst.messages[i].msg_hdr;
    header.msg_namelen = channel.destinations->address(burst.turn + i, burst.addresses[i]);
    write_frame(Frame{channel.index, false, run_, burst.number + i, now},
                {burst.bytes.data() + i * burst.size, burst.size});
  }
  const int taken =
      ::sendmmsg(channel.sending.get(), burst.messages, static_cast<unsigned>(count), MSG_DONTWAIT);
  if (taken > 0) {
    burst.turn += static_cast<std::uint64_t>(taken);
    burst.number += static_cast<std::uint64_t>(taken);
    channel.sent.store(burst.number, std::memory_order_relaxed);
    return true;
  }
  if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR) {
    channel.tried_again.fetch_add(1, std::memory_order_relaxed);
    return false;  // the same frames are tried again at the next turn
  }
  channel.refused_errno.store(errno, std::memory_order_relaxed);
  channel.refused.fetch_add(1, std::memory_order_relaxed);
  ++burst.turn;
  return true;
}

void Sender::send_due(Channel& channel, Burst& burst, MonoNs begin, MonoNs now) {
  const double rate = channel.plan.rate_pps;
  const auto due = static_cast<std::uint64_t>(to_s(now - begin) * rate);
  const auto most = static_cast<std::uint64_t>(std::max(1.0, std::ceil(rate * longest_burst_s)));
  const auto behind = static_cast<std::uint64_t>(std::max(1.0, std::ceil(rate * most_behind_s)));
  if (due > burst.turn + behind) {
    const std::uint64_t skipped = due - burst.turn - behind;
    channel.skipped.fetch_add(skipped, std::memory_order_relaxed);
    burst.turn += skipped;
  }
  for (std::uint64_t left = std::min(due - std::min(due, burst.turn), most); left > 0;) {
    const std::uint64_t count = std::min<std::uint64_t>(left, batch);
    const std::uint64_t before = burst.turn;
    if (!send_some(channel, burst, count)) {
      return;
    }
    left -= std::min(left, burst.turn - before);
  }
}

void Sender::run() {
  realtime_ = become_realtime();
  std::vector<std::unique_ptr<Burst>> bursts;
  for (const auto& channel : channels_) {
    bursts.push_back(std::make_unique<Burst>(channel->plan.payload_bytes));
  }
  MonoNs last = 0;
  MonoNs next = mono_now();
  bool counting = false;
  while (!stop_.load(std::memory_order_relaxed)) {
    const MonoNs now = mono_now();
    const MonoNs begin = begin_.load(std::memory_order_acquire);
    if (begin != 0 && now >= begin && !counting) {
      counting = true;
      last = begin;
      for (const auto& burst : bursts) {
        burst->turn = 0;
      }
    }
    for (std::size_t i = 0; i < channels_.size(); ++i) {
      if (counting) {
        send_due(*channels_[i], *bursts[i], begin, now);
      } else {
        warm_up(*channels_[i], *bursts[i], now);
      }
    }
    if (counting) {
      longest_gap_ = std::max(longest_gap_, now - last);
      last = now;
    }
    next = std::max(next + tick, mono_now());
    sleep_until(next);
  }
}

}  // namespace issu::measure
