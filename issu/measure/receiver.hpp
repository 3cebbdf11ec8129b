#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "issu/measure/sender.hpp"
#include "issu/measure/wall_clock.hpp"

namespace issu::measure {

/// Receives the frames of all streams on one thread and accounts for them. A frame's arrival is
/// the kernel's time stamp, so a receiver that runs late does not lengthen a gap.
class Receiver {
 public:
  /// `channels` must outlive the receiver.
  Receiver(Channels& channels, std::uint64_t run) : channels_(channels), run_(run) {}
  ~Receiver() { stop(); }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  Result<void> start();
  /// Before the sender's: frames that count are accounted for from here.
  void begin_counting(MonoNs at) { begin_.store(at, std::memory_order_release); }
  /// Takes what has arrived, then ends and waits for the thread.
  void stop();

  /// Why the thread ended by itself, after `stop`; empty when it did not.
  [[nodiscard]] const std::string& fault() const { return fault_; }
  /// Longest time that a frame lay in a buffer, after `stop`.
  [[nodiscard]] MonoNs longest_wait() const { return longest_wait_; }
  [[nodiscard]] bool realtime() const { return realtime_; }

 private:
  struct Batch;
  void run();
  bool drain(Channel& channel, Batch& batch);
  void take(Channel& channel, const msghdr& header, std::size_t size, MonoNs now);
  static void publish(Channel& channel);

  Channels& channels_;
  std::uint64_t run_;
  Fd epoll_;
  WallClock wall_clock_;
  std::atomic<MonoNs> begin_{0};
  std::atomic<bool> stop_{false};
  std::string fault_;
  MonoNs longest_wait_ = 0;
  bool realtime_ = false;
  std::thread thread_;
};

}  // namespace issu::measure
