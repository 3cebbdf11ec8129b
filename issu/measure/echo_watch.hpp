#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"
#include "issu/measure/echo_track.hpp"
#include "issu/measure/peer_watch.hpp"
#include "issu/measure/plan.hpp"

namespace issu::measure {

/// Asks one of the router's own addresses by ICMP echo from outside, at a bounded rate, on a thread
/// of its own.
class EchoWatch {
 public:
  /// Opens the socket inside the plan's namespace.
  static Result<std::unique_ptr<EchoWatch>> open(const EchoPlan& plan);
  ~EchoWatch();
  EchoWatch(const EchoWatch&) = delete;
  EchoWatch& operator=(const EchoWatch&) = delete;

  void start();
  void begin_counting(MonoNs at);
  /// Asks no more; what is on its way has `EchoTrack::patience` to come.
  void ask_no_more() { stop_.store(true); }
  /// The same, and waits for it.
  void stop();

  /// What happened since the last call.
  [[nodiscard]] std::vector<PeerEvent> events();
  [[nodiscard]] EchoResult finish();

 private:
  EchoWatch(EchoPlan plan, Fd socket, std::uint16_t identifier);
  void run();
  void ask();
  void hear(MonoNs until);
  void take(const std::uint8_t* bytes, std::size_t size, MonoNs at);
  void note();

  EchoPlan plan_;
  Fd socket_;
  std::uint16_t identifier_;
  bool v6_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
  std::mutex mutex_;  ///< guards what follows
  EchoTrack track_;
  std::vector<PeerEvent> events_;
  std::string last_word_;
  MonoNs last_turn_ = 0;
  MonoNs longest_pause_ = 0;  ///< between two turns of the thread
  int last_errno_ = 0;        ///< of a question that could not be sent
};

}  // namespace issu::measure
