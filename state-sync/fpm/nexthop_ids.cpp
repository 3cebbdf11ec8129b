#include "state-sync/fpm/nexthop_ids.hpp"

#include <algorithm>
#include <string>

namespace issu::fpm {
namespace {

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
  return known == known_.end() ? std::nullopt : std::optional(known->second.target);
}

/// Those that are known. A group within a group is none: rtnetlink has no such thing.
std::vector<tables::GroupMember> NextHopIds::targets_of(
    std::uint32_t id, const std::vector<NextHopSaid::Member>& members) {
  std::vector<tables::GroupMember> targets;
  for (const NextHopSaid::Member& member : members) {
    const auto known = known_.find(member.id);
    if (known == known_.end() || known->second.is_group()) {
      faults_.count(counters_.unknown_nexthop, [&] {
        return "next-hop group " + std::to_string(id) + " has member " + std::to_string(member.id) +
               ", which was announced by nobody or is a group itself";
      });
      continue;
    }
    targets.push_back({known->second.target, member.weight});
  }
  return targets;
}

std::optional<tables::NextHopId> NextHopIds::make(const NextHopSaid& said) {
  if (said.members.empty()) {
    return intern(said.action, {said.hop});
  }
  const auto members = targets_of(said.id, said.members);
  return members.empty() ? std::nullopt
                         : took(tables_.create_group(members, {.resilient = said.resilient}));
}

bool NextHopIds::change_group(std::uint32_t id, Known& known,
                              const std::vector<NextHopSaid::Member>& members) {
  const auto targets = targets_of(id, members);
  if (targets.empty()) {
    return false;
  }
  if (auto changed = tables_.change_group(known.target, targets); !changed) {
    faults_.count(counters_.refused, [&] { return changed.error().message(); });
    return false;
  }
  known.members = members;
  return true;
}

bool NextHopIds::shared(tables::NextHopId target) const {
  return std::count_if(known_.begin(), known_.end(),
                       [&](const auto& each) { return each.second.target == target; }) > 1;
}

/// Routes that used a next hop use another one from here. A look at every route: speakers change
/// what an id of one hop stands for next to never.
void NextHopIds::move_routes(tables::NextHopId before, tables::NextHopId after) {
  std::vector<tables::RouteChange> changes;
  tables_.each_route([&](const tables::RouteEntry& entry) {
    if (entry.nexthop == before && entry.info.owner == tables::RouteOwner::daemon) {
      changes.push_back({entry.prefix, after, entry.info});
    }
    return true;
  });
  if (auto loaded = tables_.load(changes); !loaded) {
    faults_.count(counters_.refused, [&] { return loaded.error().message(); });
  }
}

void NextHopIds::renew_groups_of(std::uint32_t member) {
  for (auto& [id, known] : known_) {
    const auto& members = known.members;
    if (std::any_of(members.begin(), members.end(),
                    [&](const auto& each) { return each.id == member; })) {
      change_group(id, known, std::vector(members));
    }
  }
}

NextHopIds::Change NextHopIds::change(Known& known, const NextHopSaid& said) {
  if (known.is_group() && !said.members.empty()) {
    change_group(said.id, known, said.members);
    return Change::done;
  }
  const auto target = make(said);
  if (!target) {
    return Change::done;
  }
  const tables::NextHopId before = known.target;
  const bool ambiguous = before != *target && shared(before);
  known = {*target, said.members};
  if (before != *target) {
    move_routes(before, *target);
    renew_groups_of(said.id);
  }
  (void)tables_.drop(before);
  return ambiguous ? Change::ambiguous : Change::done;
}

NextHopIds::Change NextHopIds::set(const NextHopSaid& said) {
  if (const auto known = known_.find(said.id); known != known_.end()) {
    return change(known->second, said);
  }
  if (const auto target = make(said)) {
    known_.emplace(said.id, Known{*target, said.members});
  }
  return Change::done;
}

std::optional<tables::NextHopId> NextHopIds::remove(std::uint32_t id) {
  const auto known = known_.find(id);
  if (known == known_.end()) {
    return std::nullopt;
  }
  const tables::NextHopId target = known->second.target;
  (void)tables_.drop(target);
  known_.erase(known);
  return target;
}

void NextHopIds::forget() {
  for (const auto& [id, known] : known_) {
    (void)tables_.drop(known.target);
  }
  known_.clear();
}

}  // namespace issu::fpm
