#include "state-sync/stale_table.hpp"

#include <cstring>

#include "state-sync/stale_flags.hpp"

namespace issu::state_sync {

using namespace stale_flags;

namespace {

constexpr std::size_t first_slots = 1024;

std::uint64_t mixed(std::uint64_t value) {
  value ^= value >> 33U;
  value *= 0xff51afd7ed558ccdULL;
  value ^= value >> 33U;
  value *= 0xc4ceb9fe1a85ec53ULL;
  return value ^ (value >> 33U);
}

}  // namespace

StaleTable::StaleTable() : slots_(first_slots) {}

/// Of the prefix alone: all routes of a prefix lie in one run of slots.
std::size_t StaleTable::hash(const Prefix& prefix) {
  std::uint64_t words[2];
  std::memcpy(words, prefix.bytes.data(), sizeof words);
  const std::uint64_t length = (std::uint64_t{prefix.family} << 8U) | prefix.length;
  return static_cast<std::size_t>(mixed(words[0] + mixed(words[1] + length)));
}

Route StaleTable::route_of(const Slot& slot) {
  return {slot.prefix, slot.tos,     slot.protocol,
          slot.metric, slot.nexthop, has(slot.flags, multipath)};
}

const StaleTable::Slot* StaleTable::find(const Route& route) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash(route.prefix) & mask; has(slots_[at].flags, used);
       at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.prefix == route.prefix && slot.metric == route.metric && slot.tos == route.tos) {
      return &slot;
    }
  }
  return nullptr;
}

StaleTable::Slot* StaleTable::find(const Route& route) {
  return const_cast<Slot*>(static_cast<const StaleTable*>(this)->find(route));
}

StaleTable::Slot& StaleTable::insert(const Route& route, std::uint8_t flags) {
  if ((used_ + 1) * 4 > slots_.size() * 3) {
    grow();
  }
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash(route.prefix) & mask;
  while (has(slots_[at].flags, used)) {
    at = (at + 1) & mask;
  }
  ++used_;
  slots_[at] = {route.prefix, route.tos,     route.protocol,
                route.metric, route.nexthop, static_cast<std::uint8_t>(flags | used)};
  return slots_[at];
}

void StaleTable::grow() {
  std::vector<Slot> old = std::move(slots_);
  std::size_t kept = 0;
  // What is gone is needed only while it is held (it may come back) or a scan runs.
  const auto needed = [this](const Slot& slot) {
    return has(slot.flags, used) &&
           (!has(slot.flags, gone) || scanning_ || (holding_ && has(slot.flags, held)));
  };
  for (const Slot& slot : old) {
    kept += needed(slot) ? 1U : 0U;
  }
  std::size_t size = first_slots;
  while (size < kept * 2 + 2) {
    size *= 2;
  }
  slots_.assign(size, Slot{});
  used_ = kept;
  for (const Slot& slot : old) {
    if (!needed(slot)) {
      continue;
    }
    std::size_t at = hash(slot.prefix) & (size - 1);
    while (has(slots_[at].flags, used)) {
      at = (at + 1) & (size - 1);
    }
    slots_[at] = slot;
  }
}

void StaleTable::use_nexthop(std::uint32_t nexthop, bool is_used) {
  if (nexthop == 0) {
    return;
  }
  if (is_used) {
    ++nexthop_users_[nexthop];
  } else if (const auto users = nexthop_users_.find(nexthop);
             users != nexthop_users_.end() && --users->second == 0) {
    nexthop_users_.erase(users);
  }
}

void StaleTable::confirm(Slot& slot, std::uint8_t mark) {
  if (holding_ && is_stale(slot.flags)) {
    --counts_.stale;
    ++counts_.refreshed;
  }
  set(slot.flags, mark);
}

void StaleTable::supersede(const Slot& by) {
  each_of(by.prefix, [&](Slot& slot) {
    if (&slot != &by && is_held(slot.flags)) {
      confirm(slot, superseded);
    }
    slot.away = false;  // the prefix is back, by another route
  });
}

void StaleTable::gone_from_view(Slot& slot) {
  if (keeping_) {
    slot.away = true;
  } else {
    ++counts_.deleted;
  }
}

/// The route left the tables.
void StaleTable::go(Slot& slot, bool by_sweep) {
  --present_;
  use_nexthop(slot.nexthop, false);
  if (holding_ && is_held(slot.flags)) {
    --(is_stale(slot.flags) ? counts_.stale : counts_.refreshed);
    if (by_sweep) {
      ++counts_.swept;
    } else if (has(slot.flags, fresh) || !has(slot.flags, superseded)) {
      gone_from_view(slot);
    }
  } else if (holding_) {
    --counts_.added;
  }
  set(slot.flags, gone);
}

/// It had not left after all: only some of its next hops had.
void StaleTable::come_back(Slot& slot) {
  clear(slot.flags, gone);
  ++present_;
  use_nexthop(slot.nexthop, true);
  if (holding_ && has(slot.flags, held)) {
    ++(is_stale(slot.flags) ? counts_.stale : counts_.refreshed);
    if (slot.away) {
      slot.away = false;
    } else if (has(slot.flags, fresh) || !has(slot.flags, superseded)) {
      --counts_.deleted;
    }
  } else if (holding_) {
    ++counts_.added;
  }
}

void StaleTable::come_in(Slot& slot, const Route& route) {
  use_nexthop(slot.nexthop, false);
  slot.nexthop = route.nexthop;
  slot.protocol = route.protocol;
  route.multipath ? set(slot.flags, multipath) : clear(slot.flags, multipath);
  use_nexthop(slot.nexthop, true);
}

void StaleTable::present(const Route& route, MonoNs at) {
  Slot* slot = find(route);
  if (slot == nullptr) {
    if (!is_daemon_protocol(route.protocol)) {
      return;
    }
    slot = &insert(route, static_cast<std::uint8_t>(touched | (route.multipath ? multipath : 0)));
    ++present_;
    use_nexthop(route.nexthop, true);
    if (holding_) {
      ++counts_.added;
      supersede(*slot);
    }
  } else if (has(slot->flags, gone)) {
    clear(slot->flags, gone);
    ++present_;
    use_nexthop(slot->nexthop, true);
    come_in(*slot, route);
    if (holding_ && has(slot->flags, held)) {
      slot->away = false;
      ++counts_.refreshed;
      set(slot->flags, fresh);
    } else if (holding_) {
      ++counts_.added;
      supersede(*slot);
    }
  } else {
    come_in(*slot, route);
    if (holding_ && has(slot->flags, held)) {
      confirm(*slot, fresh);
    }
  }
  set(slot->flags, touched);
  changed_at_ = at;
}

void StaleTable::removed(const Route& route, MonoNs at) {
  Slot* slot = find(route);
  if (slot == nullptr) {
    if (scanning_) {
      insert(route, gone | touched);  // the scan may still tell of it, from before
    }
    return;
  }
  set(slot->flags, touched);
  if (has(slot->flags, gone)) {
    return;
  }
  // IPv6 tells of a single next hop that left a route in the same words.
  if (route.prefix.family == 6 && has(slot->flags, multipath)) {
    in_doubt_ = true;
    clear(slot->flags, touched);
  }
  go(*slot, false);
  changed_at_ = at;
}

void StaleTable::nexthop_removed(std::uint32_t nexthop, MonoNs at) {
  if (nexthop_users_.find(nexthop) == nexthop_users_.end()) {
    return;
  }
  for (Slot& slot : slots_) {
    if ((slot.flags & (used | gone)) == used && slot.nexthop == nexthop) {
      set(slot.flags, touched);
      go(slot, false);
    }
  }
  changed_at_ = at;
}

void StaleTable::begin_scan() {
  scanning_ = true;
  in_doubt_ = false;
  for (Slot& slot : slots_) {
    clear(slot.flags, seen | touched);
  }
}

void StaleTable::scanned(const Route& route, MonoNs at) {
  Slot* slot = find(route);
  if (slot == nullptr) {
    if (is_daemon_protocol(route.protocol)) {
      present(route, at);
      slot = find(route);
      clear(slot->flags, touched);
      set(slot->flags, seen);
    }
    return;
  }
  if (has(slot->flags, touched)) {
    return;
  }
  set(slot->flags, seen);
  if (has(slot->flags, gone)) {
    come_back(*slot);
  }
  // A change that no notification told of: it was lost, the scan makes up for it.
  if (slot->nexthop != route.nexthop || slot->protocol != route.protocol) {
    present(route, at);
  }
}

std::uint64_t StaleTable::end_scan(MonoNs at) {
  std::uint64_t lost = 0;
  for (Slot& slot : slots_) {
    if ((slot.flags & (used | gone | seen | touched)) == used) {
      go(slot, false);
      ++lost;
    }
  }
  scanning_ = false;
  changed_at_ = lost == 0 ? changed_at_ : at;
  return lost;
}

}  // namespace issu::state_sync
