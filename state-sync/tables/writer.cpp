#include "state-sync/tables/writer.hpp"

#include <algorithm>

#include "state-sync/tables/writer_state.hpp"

namespace issu::tables {

Writer::Writer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;
Writer::~Writer() = default;

const OpenReport& Writer::report() const {
  return state_->report;
}
std::uint64_t Writer::epoch() const {
  return state_->epoch;
}
Result<void> Writer::check_epoch() {
  return state_->check();
}
void Writer::release() {
  state_->lock.reset();
}

Result<NextHopId> Writer::intern(const NextHop& nexthop) {
  ISSU_TRY(state_->check(), "making a next hop");
  return state_->nexthops.intern(nexthop, state_->options.now());
}

Result<NextHopId> Writer::intern_group(std::span<const GroupMember> members,
                                       const GroupOptions& options) {
  ISSU_TRY(state_->check(), "making a group");
  return state_->nexthops.intern_group(members, options, state_->options.now());
}

Result<NextHopId> Writer::create_group(std::span<const GroupMember> members,
                                       const GroupOptions& options) {
  ISSU_TRY(state_->check(), "making a group");
  return state_->nexthops.create_group(members, options, state_->options.now());
}

Result<void> Writer::change_group(NextHopId group, std::span<const GroupMember> members) {
  ISSU_TRY(state_->check(), "changing a group");
  ISSU_TRY(state_->nexthops.change_group(group, members, state_->options.now()),
           "changing group " + std::to_string(group));
  state_->touched();
  return {};
}

Result<void> Writer::drop(NextHopId id) {
  ISSU_TRY(state_->check(), "dropping a next hop");
  if (!state_->nexthops.alive(id)) {
    return fail("next hop " + std::to_string(id) + " is not in use");
  }
  state_->nexthops.drop(id, state_->options.now());
  return {};
}

std::optional<NextHop> Writer::nexthop(NextHopId id) const {
  return state_->nexthops.nexthop(id);
}
std::vector<GroupMember> Writer::members(NextHopId group) const {
  return state_->nexthops.alive(group) ? state_->nexthops.members(group)
                                       : std::vector<GroupMember>{};
}
std::uint64_t Writer::nexthop_count() const {
  return state_->nexthops.count();
}

Result<void> Writer::State::add(const Prefix& prefix, NextHopId nexthop, const RouteInfo& info,
                                MonoNs now) {
  if (routes.full()) {
    return fail("the table of routes is full: " + std::to_string(routes.size()) + " are in it");
  }
  if (prefix.length > 0 && !trie(prefix).room_for(prefix, now)) {
    return fail(prefix.family == 6 ? "the nodes for IPv6 routes are all in use"
                                   : "the groups for IPv4 routes longer than /24 are all in use");
  }
  npu_route content{};
  std::copy(prefix.bytes.begin(), prefix.bytes.end(), content.address);
  content.length = prefix.length;
  content.family = prefix.family;
  content.protocol = info.protocol;
  content.metric = info.metric;
  content.state = NPU_ROUTE_USED;
  content.nexthop = nexthop;
  content.born = content.seen = header.generation;
  if (info.owner == RouteOwner::daemon) {
    content.state |= NPU_ROUTE_DAEMON;
    ++daemons(prefix.family);
    if (header.holding != 0 && gone.erase(prefix) != 0) {
      content.born = static_cast<npu_u16>(header.hold_generation - 1);
      ++held_now;
      ++refreshed;
    } else if (header.holding != 0) {
      put(header.added, header.added + 1);
    }
  }
  nexthops.refer(nexthop);
  routes.insert(prefix, content);
  if (prefix.length == 0) {
    publish(header.default_id[prefix.family == 6], nexthop);
  } else {
    trie(prefix).set(prefix, nexthop, now);
  }
  touched();
  return {};
}

void Writer::State::replace(npu_route& slot, const Prefix& prefix, NextHopId nexthop,
                            const RouteInfo& info) {
  const bool was_held = held(slot);
  if (was_held && !confirmed(slot)) {
    ++refreshed;
  }
  const bool daemon = info.owner == RouteOwner::daemon;
  if (is_daemon(slot) != daemon) {
    daemons(slot.family) += daemon ? 1 : ~std::uint64_t{0};
    if (was_held) {  // it is the chassis' now: no longer the old side's
      --held_now;
      --refreshed;
      put(header.deleted, header.deleted + 1);
    }
  }
  const RouteInfo old{slot.protocol, slot.metric,
                      is_daemon(slot) ? RouteOwner::daemon : RouteOwner::chassis};
  const NextHopId before = slot.nexthop;
  // A chassis' route that becomes a daemon's was not held.
  const bool born_now = daemon && old.owner == RouteOwner::chassis;
  RouteStore::set_nexthop(slot, nexthop, born_now ? header.generation : slot.born,
                          header.generation);
  if (old != info) {
    RouteStore::set_info(slot, info);
  }
  if (before != nexthop) {
    nexthops.refer(nexthop);
    if (prefix.length == 0) {
      publish(header.default_id[prefix.family == 6], nexthop);
    } else {
      trie(prefix).set(prefix, nexthop, 0);  // its nodes are there: no time is needed
    }
    nexthops.drop(before, options.now());
    touched();
  }
}

Result<void> Writer::State::set(const Prefix& prefix, NextHopId nexthop, const RouteInfo& info,
                                MonoNs now) {
  if (!nexthops.alive(nexthop)) {
    return fail("next hop " + std::to_string(nexthop) + " is not in use");
  }
  if (npu_route* const slot = routes.find(prefix)) {
    replace(*slot, prefix, nexthop, info);
    return {};
  }
  if (!is_canonical(prefix)) {
    return fail("this is no prefix: bits behind its length are set, or it is too long");
  }
  return add(prefix, nexthop, info, now);
}

void Writer::State::take_out(npu_route* slot) {
  const MonoNs now = options.now();
  const Prefix prefix = RouteStore::prefix_of(*slot);
  const NextHopId nexthop = slot->nexthop;
  if (is_daemon(*slot)) {
    --daemons(prefix.family);
  }
  if (held(*slot)) {
    --held_now;
    refreshed -= confirmed(*slot) ? 1 : 0;
  }
  routes.erase(slot);
  if (prefix.length == 0) {
    publish(header.default_id[prefix.family == 6], NextHopId{0});
  } else {
    trie(prefix).remove(prefix, routes.cover(prefix, prefix.length), now);
  }
  nexthops.drop(nexthop, now);
  touched();
}

Result<void> Writer::set_route(const Prefix& prefix, NextHopId nexthop, const RouteInfo& info) {
  return load({{RouteChange{prefix, nexthop, info}}});
}

Result<void> Writer::load(std::span<const RouteChange> changes, std::size_t* done) {
  // What is needed in a moment is on its way while others are worked on.
  constexpr std::size_t ahead = 12;
  State& state = *state_;
  Result<void> result = state.check();
  const MonoNs now = state.options.now();
  bool by_daemon = false;
  std::size_t i = 0;
  for (; result && i < changes.size(); ++i) {
    if (i + ahead < changes.size()) {
      const Prefix& later = changes[i + ahead].prefix;
      state.routes.prefetch(later);
      state.trie(later).prefetch(later);
    }
    const RouteChange& change = changes[i];
    by_daemon = by_daemon || change.info.owner == RouteOwner::daemon;
    result = state.set(change.prefix, change.nexthop, change.info, now);
    if (!result) {
      break;
    }
  }
  if (by_daemon) {
    put(state.header.changed_at, static_cast<npu_u64>(state.options.now()));
  }
  if (done != nullptr) {
    *done = i;
  }
  if (!result) {
    return pass(std::move(result).error(),
                i < changes.size() ? "route " + changes[i].prefix.text() : "routes");
  }
  return {};
}

Result<bool> Writer::remove_route(const Prefix& prefix) {
  State& state = *state_;
  ISSU_TRY(state.check(), "removing route " + prefix.text());
  npu_route* const slot = state.routes.find(prefix);
  if (slot == nullptr) {
    return false;
  }
  if (State::is_daemon(*slot)) {
    put(state.header.changed_at, static_cast<npu_u64>(state.options.now()));
  }
  if (state.header.holding != 0 && state.held(*slot)) {
    if (state.keeping) {
      state.doubt(*slot);
      return true;
    }
    put(state.header.deleted, state.header.deleted + 1);
    state.gone.insert(prefix);
  }
  state.take_out(slot);
  return true;
}

}  // namespace issu::tables
