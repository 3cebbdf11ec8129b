#include "issu/measure/session_track.hpp"

#include <algorithm>

namespace issu::measure {
namespace {

constexpr std::size_t changes_kept = 1000;

/// A peer that was silent for longer than this was not watched.
constexpr MonoNs longest_silence = 10'000'000'000;

std::uint64_t routes_of(const SessionLook& look) {
  std::uint64_t routes = 0;
  for (const auto& [family, counters] : look.families) {
    routes += counters.routes;
  }
  return routes;
}

}  // namespace

SessionTrack::SessionTrack(std::string peer, std::string session, std::string protocol) {
  result_.peer = std::move(peer);
  result_.protocol = std::move(protocol);
  result_.session = std::move(session);
}

void SessionTrack::begin_counting() {
  SessionResult fresh;
  fresh.peer = result_.peer;
  fresh.session = result_.session;
  fresh.protocol = result_.protocol;
  fresh.established_before = established_;
  if (last_) {
    fresh.routes_before = fresh.routes_min = fresh.routes_after = routes_of(*last_);
  }
  result_ = fresh;
  counting_ = true;
  longest_unanswered_ = 0;
  bounced_unseen_ = false;
}

void SessionTrack::note(MonoNs at, const char* what, std::uint64_t routes) {
  if (counting_ && result_.changes.size() < changes_kept) {
    result_.changes.push_back({at, what, routes});
  }
}

void SessionTrack::went_down(MonoNs at) {
  note(at, "down");
  established_ = false;
  if (counting_) {
    result_.went_down = true;
    result_.end_of_rib.reset();
    result_.downs.push_back(SessionDown{at, 0});
  }
}

void SessionTrack::came_up(MonoNs at) {
  note(at, "up");
  established_ = true;
  last_up_ = at;
  if (counting_ && !result_.downs.empty() && result_.downs.back().up == 0) {
    result_.downs.back().up = std::max(at, result_.downs.back().down);
  }
}

void SessionTrack::news(SessionNews news, MonoNs at) {
  switch (news) {
    case SessionNews::up:
      if (!established_) {
        came_up(at);
        news_of_up_ = true;
      }
      break;
    case SessionNews::down:
      if (established_) {
        went_down(at);
      }
      break;
    case SessionNews::held:
      // BIRD says so just before it says that the session closed.
      if (established_) {
        went_down(at);
      }
      note(at, "held");
      if (counting_) {
        result_.graceful_restart = result_.graceful_restart.value_or(true);
      }
      break;
    case SessionNews::refreshed:
      if (counting_ && result_.went_down) {
        note(at, "end-of-rib");
        result_.end_of_rib = true;
      }
      break;
    case SessionNews::dropped:
      note(at, "dropped");
      if (counting_) {
        result_.graceful_restart = false;
      }
      break;
  }
}

void SessionTrack::count_updates(const SessionLook& look, bool new_session) {
  if (!last_) {
    return;
  }
  std::uint64_t updates = 0;
  for (const auto& [family, now] : look.families) {
    const auto found = last_->families.find(family);
    const FamilyCounters before = found == last_->families.end() ? FamilyCounters{} : found->second;
    if (look.counters_exact) {
      const bool anew = now.updates < before.updates || now.withdraws < before.withdraws ||
                        (new_session && result_.graceful_restart == false);
      updates += now.updates - (anew ? 0 : before.updates);
    } else {
      updates += now.routes - std::min(now.routes, before.routes);
    }
  }
  if (updates > 0) {
    result_.routes_updated += updates;
    note(look.at, "updates", updates);
  }
}

void SessionTrack::count_withdraws(const SessionLook& look, bool new_session) {
  if (!last_) {
    return;
  }
  const std::uint64_t so_far = result_.routes_withdrawn;
  for (const auto& [family, before] : last_->families) {
    const auto found = look.families.find(family);
    if (found == look.families.end()) {
      result_.routes_withdrawn += before.routes;  // the peer let go of the whole family
      continue;
    }
    const FamilyCounters& now = found->second;
    if (!look.counters_exact && new_session && result_.graceful_restart == false &&
        last_->established) {
      result_.routes_withdrawn += before.routes;  // gone and come again between two looks
    } else if (!look.counters_exact) {
      result_.routes_withdrawn += before.routes - std::min(before.routes, now.routes);
    } else if (now.updates < before.updates || now.withdraws < before.withdraws ||
               (new_session && result_.graceful_restart == false)) {
      result_.routes_withdrawn += before.routes + now.withdraws;  // counters started anew
    } else {
      result_.routes_withdrawn += now.withdraws - before.withdraws;
    }
  }
  if (result_.routes_withdrawn > so_far) {
    note(look.at, "withdrawals", result_.routes_withdrawn - so_far);
  }
}

void SessionTrack::look(const SessionLook& look) {
  ever_answered_ = true;
  first_unanswered_ = 0;
  // Another incarnation, both looks saw it up, and no log told of it: it was down in between.
  const bool bounced = last_ && last_->established && look.established && established_ &&
                       last_->incarnation != look.incarnation && !news_of_up_;
  const bool new_session = last_ && look.established && last_->incarnation != look.incarnation;
  if (look.established) {
    if (bounced) {
      went_down(last_->at);
      came_up(std::clamp(look.since.value_or(look.at), last_->at, std::max(last_->at, look.at)));
      if (counting_ && look.last_down_held) {
        result_.graceful_restart = *look.last_down_held && result_.graceful_restart.value_or(true);
      } else {
        bounced_unseen_ = bounced_unseen_ || counting_;
      }
    } else if (!established_) {
      // A daemon's "since" is of a clock that may have been set: it was after it went down.
      const MonoNs floor = result_.downs.empty() ? MonoNs{0} : result_.downs.back().down;
      came_up(std::clamp(look.since.value_or(look.at), std::min(floor, look.at), look.at));
    }
  } else if (established_) {
    const MonoNs floor = last_ ? last_->at : look.at;
    went_down(std::clamp(look.since.value_or(floor), floor, look.at));
  }
  if (counting_) {
    if (!look.established && look.holding && result_.went_down) {
      result_.graceful_restart = *look.holding && result_.graceful_restart.value_or(true);
    }
    count_withdraws(look, new_session);
    count_updates(look, new_session);
    if (look.established && result_.went_down && look.end_of_rib) {
      if (*look.end_of_rib && !result_.end_of_rib.value_or(false)) {
        note(look.at, "end-of-rib");
      }
      result_.end_of_rib = *look.end_of_rib || result_.end_of_rib.value_or(false);
    }
    result_.routes_after = routes_of(look);
    result_.routes_min = std::min(result_.routes_min, result_.routes_after);
  }
  news_of_up_ = false;
  last_ = look;
}

void SessionTrack::no_answer(MonoNs at, const std::string& why) {
  last_reason_ = why;
  if (first_unanswered_ == 0) {
    first_unanswered_ = at;
  }
  longest_unanswered_ = std::max(longest_unanswered_, at - first_unanswered_);
}

LiveSession SessionTrack::live() const {
  LiveSession live;
  live.peer = result_.peer;
  live.session = result_.session;
  live.answering = ever_answered_ && first_unanswered_ == 0;
  live.established = established_;
  live.went_down = result_.went_down;
  for (const SessionDown& down : result_.downs) {
    const MonoNs up = down.up == 0 && last_ ? std::max(last_->at, down.down) : down.up;
    live.longest_down_ms = std::max(live.longest_down_ms, to_ms(up - down.down));
  }
  live.routes = last_ ? routes_of(*last_) : 0;
  live.routes_withdrawn = result_.routes_withdrawn;
  return live;
}

SessionResult SessionTrack::finish(MonoNs at) const {
  SessionResult result = result_;
  result.established_after = established_;
  result.unanswered_ms = to_ms(longest_unanswered_);
  // A log's line is read behind a look that came after it.
  std::stable_sort(result.changes.begin(), result.changes.end(),
                   [](const SessionChange& a, const SessionChange& b) { return a.at < b.at; });
  for (const SessionDown& down : result.downs) {
    const double length = to_ms((down.up == 0 ? at : down.up) - down.down);
    result.down_ms += length;
    result.longest_down_ms = std::max(result.longest_down_ms, length);
  }
  if (!ever_answered_) {
    result.why_not = "the peer never answered: " + last_reason_;
  } else if (first_unanswered_ != 0) {
    result.why_not = "the peer did not answer at the end: " + last_reason_;
  } else if (longest_unanswered_ > longest_silence) {
    result.why_not = "the peer could not be asked for " +
                     std::to_string(static_cast<int>(result.unanswered_ms / 1000)) + " s";
  } else if (!result.established_before) {
    result.why_not = "the session was not established when counting began";
  } else if (bounced_unseen_) {
    result.why_not =
        "the session went down and up between two looks: give the peer's log, so that it is "
        "known whether its routes were held";
  }
  result.measured = result.why_not.empty();
  return result;
}

}  // namespace issu::measure
