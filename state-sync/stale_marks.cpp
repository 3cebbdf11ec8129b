// Hold, keep, refresh, sweep: the marks on the routes of an epoch.

#include "state-sync/stale_flags.hpp"

namespace issu::state_sync {

using namespace stale_flags;

void StaleTable::hold(MonoNs at) {
  counts_ = {};
  holding_ = keeping_ = false;
  for (Slot& slot : slots_) {
    slot.away = false;
    clear(slot.flags, held | fresh | superseded);
    if ((slot.flags & (used | gone)) != used) {
      continue;
    }
    if (is_daemon_protocol(slot.protocol)) {
      set(slot.flags, held);
      ++counts_.held;
    } else {
      go(slot, false);  // somebody else replaced it: not a daemon's route any more
    }
  }
  counts_.stale = counts_.held;
  holding_ = true;
  changed_at_ = at;
}

void StaleTable::doubt_all() {
  if (!holding_) {
    return;
  }
  for (Slot& slot : slots_) {
    if (is_held(slot.flags) && has(slot.flags, fresh)) {
      clear(slot.flags, fresh);
      if (is_stale(slot.flags)) {
        --counts_.refreshed;
        ++counts_.stale;
      }
    }
  }
}

void StaleTable::refresh(const Prefix& prefix) {
  if (!holding_) {
    return;
  }
  each_of(prefix, [&](Slot& slot) {
    if (is_held(slot.flags) && !has(slot.flags, superseded)) {
      confirm(slot, fresh);
    }
  });
}

std::vector<Route> StaleTable::unconfirmed(std::size_t limit, bool with_superseded) const {
  std::vector<Route> routes;
  for (const Slot& slot : slots_) {
    if (routes.size() >= limit) {
      break;
    }
    if (is_held(slot.flags) && !has(slot.flags, fresh) &&
        (with_superseded || !has(slot.flags, superseded))) {
      routes.push_back(route_of(slot));
    }
  }
  return routes;
}

bool StaleTable::to_sweep(const Route& route) const {
  const Slot* slot = find(route);
  return holding_ && slot != nullptr && is_held(slot->flags) && !has(slot->flags, fresh);
}

void StaleTable::swept(const Route& route) {
  if (Slot* slot = find(route); slot != nullptr && !has(slot->flags, gone)) {
    go(*slot, true);
  }
}

void StaleTable::end_keeping() {
  keeping_ = false;
  for (Slot& slot : slots_) {
    if (slot.away) {
      slot.away = false;
      ++counts_.deleted;
    }
  }
}

}  // namespace issu::state_sync
