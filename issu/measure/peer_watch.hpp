#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "issu/measure/log_tail.hpp"
#include "issu/measure/peer_ask.hpp"
#include "issu/measure/plan.hpp"
#include "issu/measure/session_track.hpp"
#include "issu/measure/wall_clock.hpp"

namespace issu::measure {

/// Something that changed at a peer, for the timeline.
struct PeerEvent {
  MonoNs at = 0;
  std::string peer;
  std::string session;
  std::string what;  ///< "established", "down", "no answer", …
};

/// Asks one peer ten times a second, on a thread of its own, and reads its log.
class PeerWatch {
 public:
  explicit PeerWatch(PeerPlan plan);
  ~PeerWatch();
  PeerWatch(const PeerWatch&) = delete;
  PeerWatch& operator=(const PeerWatch&) = delete;

  void start();
  void begin_counting();
  void stop();

  [[nodiscard]] std::vector<LiveSession> live();
  /// What happened since the last call.
  [[nodiscard]] std::vector<PeerEvent> events();
  [[nodiscard]] std::vector<SessionResult> finish(MonoNs at);

 private:
  void run();
  void turn();
  void note(const std::string& session, MonoNs at, std::string what);

  PeerPlan plan_;
  PeerAsker asker_;
  LogTail log_;
  WallClock wall_clock_;
  MonoNs log_read_ = 0;  ///< last
  std::mutex mutex_;     ///< guards what follows
  std::vector<SessionTrack> tracks_;
  std::vector<std::string> names_;  ///< of the tracks, as the log and the timeline have them
  std::vector<PeerEvent> events_;
  std::vector<std::string> last_words_;  ///< a session, what was noted last
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace issu::measure
