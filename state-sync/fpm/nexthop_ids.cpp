#include "state-sync/fpm/nexthop_ids.hpp"

#include <algorithm>
#include <string>

namespace issu::fpm {
namespace {

/// Far more than a speaker has: zebra shares one id among all routes that go the same way.
constexpr std::size_t most_ids = std::size_t{1} << 20U;

tables::NextHop without_hop(Action action) {
  tables::NextHop nexthop;
  nexthop.kind = action == Action::blackhole ? NPU_NH_BLACKHOLE : NPU_NH_UNREACHABLE;
  return nexthop;
}

}  // namespace

std::optional<tables::NextHopId> NextHopIds::took(Result<tables::NextHopId> result) {
  if (result) {
    return *result;
  }
  faults_.count(counters_.refused, [&] { return result.error().message(); });
  return std::nullopt;
}

std::optional<tables::NextHopId> NextHopIds::intern_hop(const Hop& hop) {
  if (hop.encapsulated) {
    faults_.count(counters_.encapsulated, [] {
      return std::string("a next hop asks for an encapsulation, which the NPU has not");
    });
    return std::nullopt;
  }
  const auto port = port_of_(hop.ifindex);
  if (!port) {
    faults_.count(counters_.unknown_port, [&] {
      return "a next hop leaves by interface " + std::to_string(hop.ifindex) +
             ", which is none of the NPU's ports";
    });
    return std::nullopt;
  }
  tables::NextHop nexthop;
  nexthop.kind = hop.family == 0 ? NPU_NH_CONNECTED : NPU_NH_FORWARD;
  nexthop.port = *port;
  if (hop.family != 0) {
    nexthop.gateway = {hop.family, hop.gateway};
  }
  return took(tables_.intern(nexthop));
}

std::optional<tables::NextHopId> NextHopIds::intern(Action action, const std::vector<Hop>& hops) {
  if (action != Action::forward) {
    return took(tables_.intern(without_hop(action)));
  }
  if (hops.size() == 1) {
    return intern_hop(hops.front());
  }
  scratch_.clear();
  for (const Hop& hop : hops) {
    if (const auto member = intern_hop(hop)) {
      scratch_.push_back({*member, hop.weight});
    }
  }
  const auto group = scratch_.empty() ? std::nullopt : took(tables_.intern_group(scratch_));
  for (const tables::GroupMember& member : scratch_) {
    (void)tables_.drop(member.nexthop);
  }
  return group;
}

std::optional<tables::NextHopId> NextHopIds::find(std::uint32_t id) const {
  const auto known = known_.find(id);
  return known == known_.end() || known->second.target == 0 ? std::nullopt
                                                            : std::optional(known->second.target);
}

/// Where what is said of an id is kept; null: there are more than any speaker has.
NextHopIds::Known* NextHopIds::entry(std::uint32_t id) {
  const auto known = known_.find(id);
  if (known != known_.end()) {
    return &known->second;
  }
  if (known_.size() >= most_ids || awaited_.size() >= most_ids) {
    faults_.count(counters_.refused, [] { return std::string("too many next-hop ids"); });
    return nullptr;
  }
  return &known_[id];
}

void NextHopIds::drop(tables::NextHopId target) {
  if (target != 0) {
    (void)tables_.drop(target);
  }
}

bool NextHopIds::is_up(tables::NextHopId target) const {
  const auto hop = tables_.nexthop(target);
  const bool leaves = hop && (hop->kind == NPU_NH_FORWARD || hop->kind == NPU_NH_CONNECTED);
  const auto port = leaves ? tables_.port(hop->port) : std::nullopt;
  return !port || port->up;
}

/// Of the members that are known. A group within a group is none: rtnetlink has no such thing.
std::vector<tables::GroupMember> NextHopIds::targets_of(std::uint32_t id, const Known& group) {
  std::vector<tables::GroupMember> targets;
  std::vector<tables::GroupMember> down;
  for (const NextHopSaid::Member& member : group.members) {
    const auto known = known_.find(member.id);
    if (known == known_.end() || known->second.is_group()) {
      awaited_.insert({member.id, id});
    } else {
      auto& among = is_up(known->second.target) ? targets : down;
      among.push_back({known->second.target, member.weight});
    }
  }
  return targets.empty() ? down : targets;
}

void NextHopIds::resolve_group(std::uint32_t id, Known& group) {
  const auto members = targets_of(id, group);
  if (members.empty()) {
    return;  // what it had before, it keeps
  }
  if (group.target == 0) {
    group.target = took(tables_.create_group(members, {.resilient = group.resilient})).value_or(0);
  } else if (auto changed = tables_.change_group(group.target, members); !changed) {
    faults_.count(counters_.refused, [&] { return changed.error().message(); });
  }
}

void NextHopIds::complete_groups_of(std::uint32_t member) {
  auto waiting = awaited_.lower_bound({member, 0});
  while (waiting != awaited_.end() && waiting->first == member) {
    const std::uint32_t group = waiting->second;
    waiting = awaited_.erase(waiting);
    if (const auto known = known_.find(group); known != known_.end()) {
      resolve_group(group, known->second);
    }
  }
}

void NextHopIds::renew_groups_of(std::uint32_t member) {
  for (auto& [id, known] : known_) {
    if (std::any_of(known.members.begin(), known.members.end(),
                    [&](const auto& each) { return each.id == member; })) {
      resolve_group(id, known);
    }
  }
}

void NextHopIds::ports_changed() {
  for (auto& [id, known] : known_) {
    if (known.is_group()) {
      resolve_group(id, known);
    }
  }
}

bool NextHopIds::is_shared(tables::NextHopId target) const {
  return std::count_if(known_.begin(), known_.end(),
                       [&](const auto& each) { return each.second.target == target; }) > 1;
}

/// Routes that used a next hop use another one from here. A look at every route: speakers change
/// what an id of one hop stands for next to never.
void NextHopIds::move_routes(tables::NextHopId before, tables::NextHopId after) {
  std::vector<tables::RouteChange> changes;
  tables_.each_route([&](const tables::RouteEntry& route) {
    if (route.nexthop == before && route.info.owner == tables::RouteOwner::daemon) {
      changes.push_back({route.prefix, after, route.info});
    }
    return true;
  });
  if (auto loaded = tables_.load(changes); !loaded) {
    faults_.count(counters_.refused, [&] { return loaded.error().message(); });
  }
}

NextHopIds::Change NextHopIds::set_single(const NextHopSaid& said) {
  const auto target = intern(said.action, {said.hop});
  Known* known = target ? entry(said.id) : nullptr;
  if (known == nullptr) {
    drop(target.value_or(0));
    return Change::done;
  }
  const tables::NextHopId before = known->target;
  const bool ambiguous = before != 0 && before != *target && is_shared(before);
  *known = {*target, {}, false};
  complete_groups_of(said.id);
  if (before != 0 && before != *target) {
    move_routes(before, *target);
    renew_groups_of(said.id);
  }
  drop(before);
  return ambiguous ? Change::ambiguous : Change::done;
}

void NextHopIds::set_group(const NextHopSaid& said) {
  Known* known = entry(said.id);
  if (known == nullptr) {
    return;
  }
  // An entry that was shared can't be changed: the group is made anew, and the routes follow.
  const tables::NextHopId single = known->is_group() ? 0 : known->target;
  if (single != 0) {
    known->target = 0;
  }
  known->members = said.members;
  known->resilient = said.resilient;
  resolve_group(said.id, *known);
  if (single != 0 && known->target != 0) {
    move_routes(single, known->target);
  }
  drop(single);
}

NextHopIds::Change NextHopIds::set(const NextHopSaid& said) {
  if (said.members.empty()) {
    return set_single(said);
  }
  set_group(said);
  return Change::done;
}

std::optional<tables::NextHopId> NextHopIds::remove(std::uint32_t id) {
  const auto known = known_.find(id);
  if (known == known_.end()) {
    return std::nullopt;
  }
  const tables::NextHopId target = known->second.target;
  for (const NextHopSaid::Member& member : known->second.members) {
    awaited_.erase({member.id, id});
  }
  drop(target);
  known_.erase(known);
  return target;
}

void NextHopIds::forget() {
  for (const auto& [id, known] : known_) {
    drop(known.target);
  }
  known_.clear();
  awaited_.clear();
}

}  // namespace issu::fpm
