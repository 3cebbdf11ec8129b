#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "issu/measure/measurement.hpp"

namespace issu::measure {

/// Counters of one family of a session. They may start anew with a session.
struct FamilyCounters {
  std::uint64_t routes = 0;     ///< held now
  std::uint64_t updates = 0;    ///< received
  std::uint64_t withdraws = 0;  ///< that took a held route away
};

/// What a peer's daemon answered when it was asked for a session.
struct SessionLook {
  MonoNs at = 0;
  bool established = false;
  /// When the state last changed, if the daemon says so to the millisecond.
  std::optional<MonoNs> since;
  /// A word that differs between two sessions even when both looks see it established.
  std::string incarnation;
  /// The peer holds the routes of a session that went down; none: the daemon does not say.
  std::optional<bool> holding;
  /// Whether the routes were held in the last down, if the daemon says so afterwards.
  std::optional<bool> last_down_held;
  /// Families that the daemon has counters for. A family that is gone has lost its routes.
  std::map<std::string, FamilyCounters> families;
  bool counters_exact = false;     ///< withdraws are counted by the daemon, not only seen as a drop
  std::optional<bool> end_of_rib;  ///< of the session that is up
};

/// What a line of a peer's log says about a session.
enum class SessionNews { up, down, held, refreshed, dropped };

/// Follows one session through looks and log lines to its SessionResult. Not for two threads at a
/// time.
class SessionTrack {
 public:
  SessionTrack(std::string peer, std::string session, std::string protocol = "bgp");

  /// From here it counts: what was before is forgotten.
  void begin_counting();
  void look(const SessionLook& look);
  void no_answer(MonoNs at, const std::string& why);
  /// A log line: `at` is exact.
  void news(SessionNews news, MonoNs at);

  [[nodiscard]] LiveSession live() const;
  [[nodiscard]] SessionResult finish(MonoNs at) const;

 private:
  void went_down(MonoNs at);
  void came_up(MonoNs at);
  void count_updates(const SessionLook& look, bool new_session);
  void count_withdraws(const SessionLook& look, bool new_session);
  void note(MonoNs at, const char* what, std::uint64_t routes = 0);

  SessionResult result_;
  std::optional<SessionLook> last_;
  bool counting_ = false;
  bool established_ = false;
  MonoNs first_unanswered_ = 0;
  MonoNs last_up_ = 0;
  MonoNs longest_unanswered_ = 0;
  bool ever_answered_ = false;
  bool bounced_unseen_ = false;  ///< down and up between two looks, no log told how
  bool news_of_up_ = false;      ///< since the last look the log told of an up
  std::string last_reason_;
};

}  // namespace issu::measure
