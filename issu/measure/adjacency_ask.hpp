#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/daemons/adjacency_answers.hpp"
#include "backends/daemons/bird_ctl.hpp"
#include "backends/daemons/frr_vty.hpp"
#include "issu/measure/plan.hpp"
#include "issu/measure/session_track.hpp"
#include "issu/measure/up_times.hpp"

namespace issu::measure {

/// Asks a peer's daemon for what the plan names beside BGP: the router as its neighbour by OSPF and
/// BFD. `established` of a look is Full and Up. Keeps its connections between the questions.
class AdjacencyAsker {
 public:
  explicit AdjacencyAsker(const PeerPlan& plan);

  /// One look for each of the plan's `ospf`, then `bfd`. A neighbour that the daemon does not know
  /// is one that is down: daemons forget those who were silent for long enough.
  Result<std::vector<SessionLook>> ask();

 private:
  using Found = Result<std::vector<backends::Adjacency>>;
  Found ospf_of(const std::string& protocol);
  Found bfd();
  SessionLook look_for(const std::vector<backends::Adjacency>& all, const std::string& peer,
                       std::size_t place);

  PeerPlan plan_;
  std::optional<backends::BirdCtl> bird_;
  std::optional<backends::FrrVty> ospfd_;
  std::optional<backends::FrrVty> bfdd_;
  std::vector<UpTimes> up_;
  std::vector<UpFor> up_for_;
};

}  // namespace issu::measure
