#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backends/daemons/bird_ctl.hpp"
#include "backends/daemons/frr_vty.hpp"
#include "issu/measure/adjacency_ask.hpp"
#include "issu/measure/plan.hpp"
#include "issu/measure/session_track.hpp"
#include "issu/measure/up_times.hpp"

namespace issu::measure {

/// Asks a peer's daemon for the sessions of a plan. Keeps its connection between the questions.
class PeerAsker {
 public:
  explicit PeerAsker(const PeerPlan& plan);

  /// One look a session of the plan, in its order, then one each of its `ospf` and `bfd`. A session
  /// that the daemon does not know is an error.
  Result<std::vector<SessionLook>> ask();

 private:
  Result<std::vector<SessionLook>> ask_bird();
  Result<std::vector<SessionLook>> ask_frr();

  PeerPlan plan_;
  AdjacencyAsker adjacencies_;
  std::optional<backends::BirdCtl> bird_;
  std::optional<backends::FrrVty> frr_;
  std::vector<bool> held_;   ///< BIRD held the routes of this session at some time
  std::vector<UpTimes> up_;  ///< when each of BIRD's sessions came up
};

}  // namespace issu::measure
