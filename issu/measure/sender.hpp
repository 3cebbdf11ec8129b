#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "issu/measure/channel.hpp"

namespace issu::measure {

using Channels = std::vector<std::unique_ptr<Channel>>;

/// Sends the frames of all streams from one thread, each stream at its own rate, in bursts of at
/// most one millisecond's worth.
///
/// Until `begin_counting` it sends warm-up frames. A sender that was held up catches up at twice
/// the rate; what it is behind by more than 100 ms is skipped and said.
class Sender {
 public:
  /// `channels` must outlive the sender.
  Sender(Channels& channels, std::uint64_t run) : channels_(channels), run_(run) {}
  ~Sender() { stop(); }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  void start();
  void begin_counting(MonoNs at) { begin_.store(at, std::memory_order_release); }
  /// Stops sending and waits for the thread.
  void stop();

  /// Longest time between two turns while counting. After `stop`.
  [[nodiscard]] MonoNs longest_gap() const { return longest_gap_; }
  [[nodiscard]] bool realtime() const { return realtime_; }

 private:
  struct Burst;
  void run();
  void warm_up(Channel& channel, Burst& burst, MonoNs now);
  void send_due(Channel& channel, Burst& burst, MonoNs begin, MonoNs now);
  bool send_some(Channel& channel, Burst& burst, std::uint64_t count);

  Channels& channels_;
  std::uint64_t run_;
  std::atomic<MonoNs> begin_{0};
  std::atomic<bool> stop_{false};
  MonoNs longest_gap_ = 0;
  bool realtime_ = false;
  std::thread thread_;
};

/// Gives the calling thread real-time priority; false where that is not allowed.
bool become_realtime();

}  // namespace issu::measure
