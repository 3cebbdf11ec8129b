#pragma once

#include "issu/measure/session_track.hpp"

/// What a peer is seen to say of a session, and a track of one that was up when counting began.
namespace issu::measure::testing {

constexpr MonoNs ms = 1'000'000;

inline SessionLook up(MonoNs at, const std::string& incarnation, FamilyCounters counters) {
  SessionLook look;
  look.at = at;
  look.established = true;
  look.incarnation = incarnation;
  look.counters_exact = true;
  look.families["ipv4"] = counters;
  return look;
}

inline SessionLook held(MonoNs at, FamilyCounters counters) {
  SessionLook look = up(at, "", counters);
  look.established = false;
  look.holding = true;
  return look;
}

inline SessionLook down(MonoNs at) {
  SessionLook look;
  look.at = at;
  look.holding = false;
  look.counters_exact = true;
  return look;
}

inline SessionTrack started() {
  SessionTrack track("peer", "rt1");
  track.look(up(0, "one", {100, 100, 0}));
  track.begin_counting();
  return track;
}

}  // namespace issu::measure::testing
