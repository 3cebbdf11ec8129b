#include "state-sync/fpm/feed.hpp"

#include <algorithm>

#include "state-sync/route.hpp"

namespace issu::fpm {
namespace {

constexpr MonoNs log_interval = 1'000'000'000;

tables::NextHop plain(npu_nexthop_kind kind) {
  tables::NextHop nexthop;
  nexthop.kind = kind;
  return nexthop;
}

npu_nexthop_kind kind_of(Action action) {
  return action == Action::blackhole ? NPU_NH_BLACKHOLE : NPU_NH_UNREACHABLE;
}

}  // namespace

Feed::Feed(tables::Writer& tables, FeedOptions options)
    : tables_(tables), options_(std::move(options)) {}

Feed::~Feed() {
  forget_nexthops();
}

void Feed::complain(std::uint64_t& counter, const std::string& what) {
  ++counter;
  const MonoNs now = mono_now();
  if (options_.log && (last_log_ == 0 || now - last_log_ >= log_interval)) {
    last_log_ = now;
    options_.log(what);
  }
}

void Feed::count_malformed(const std::string& what) {
  complain(counters_.malformed, what);
}

std::optional<tables::NextHopId> Feed::took(Result<tables::NextHopId> result) {
  if (result) {
    return *result;
  }
  complain(counters_.refused, result.error().message());
  return std::nullopt;
}

std::optional<tables::NextHopId> Feed::intern_hop(const Hop& hop) {
  if (hop.encapsulated) {
    complain(counters_.encapsulated, "a next hop asks for an encapsulation, which the NPU has not");
    return std::nullopt;
  }
  const auto port = options_.port_of(hop.ifindex);
  if (!port) {
    complain(counters_.unknown_port, "a next hop leaves by interface " +
                                         std::to_string(hop.ifindex) +
                                         ", which is none of the NPU's ports");
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

/// Takes the members' references over.
std::optional<tables::NextHopId> Feed::group_of(std::vector<tables::GroupMember>& members) {
  auto group = members.empty() ? std::nullopt : took(tables_.intern_group(members));
  for (const tables::GroupMember& member : members) {
    (void)tables_.drop(member.nexthop);
  }
  return group;
}

/// One reference of what is given back is the caller's.
std::optional<tables::NextHopId> Feed::resolve(const NextHopSaid& said) {
  if (said.action != Action::forward) {
    return took(tables_.intern(plain(kind_of(said.action))));
  }
  if (said.members.empty()) {
    return intern_hop(said.hop);
  }
  std::vector<tables::GroupMember> members;
  for (const NextHopSaid::Member& member : said.members) {
    const auto known = nexthops_.find(member.id);
    if (known == nexthops_.end() || known->second.id == 0) {
      complain(counters_.unknown_nexthop, "next-hop group " + std::to_string(said.id) +
                                              " has member " + std::to_string(member.id) +
                                              ", which nobody announced");
      continue;
    }
    // A reference of its own, as `group_of` expects: interning the same again counts one.
    auto again = resolve(known->second.said);
    if (again) {
      members.push_back({*again, member.weight});
    }
  }
  return group_of(members);
}

std::optional<tables::NextHopId> Feed::target_of(const RouteSaid& route) {
  if (route.action != Action::forward) {
    return took(tables_.intern(plain(kind_of(route.action))));
  }
  if (route.hops.size() == 1) {
    return intern_hop(route.hops.front());
  }
  scratch_.clear();
  for (const Hop& hop : route.hops) {
    if (const auto member = intern_hop(hop)) {
      scratch_.push_back({*member, hop.weight});
    }
  }
  return group_of(scratch_);
}

void Feed::remove_pending() {
  if (!pending_) {
    return;
  }
  const Prefix prefix = *pending_;
  pending_.reset();
  const auto there = tables_.find(prefix);
  if (!there || there->info.owner == tables::RouteOwner::chassis) {
    return;
  }
  const auto removed = tables_.remove_route(prefix);
  if (!removed) {
    complain(counters_.refused, removed.error().message());
  } else if (*removed) {
    ++counters_.routes_removed;
  }
}

void Feed::take(const RouteSaid& route) {
  const bool same = pending_ && *pending_ == route.prefix;
  if (!same) {
    remove_pending();
  }
  if (!state_sync::is_daemon_protocol(route.protocol) && !(route.removed && route.protocol == 0)) {
    ++counters_.skipped;
    return;
  }
  if (route.removed) {
    const auto there = route.partly ? tables_.find(route.prefix) : std::nullopt;
    if (there && !tables_.members(there->nexthop).empty()) {
      wants_resync_ = true;
      return;
    }
    pending_ = route.prefix;
    return;
  }
  std::optional<tables::NextHopId> target;
  const bool by_id = route.nexthop_id != 0;
  if (by_id) {
    const auto known = nexthops_.find(route.nexthop_id);
    if (known != nexthops_.end() && known->second.id != 0) {
      target = known->second.id;
    } else if (route.hops.empty()) {
      complain(counters_.unknown_nexthop, route.prefix.text() + " has next-hop id " +
                                              std::to_string(route.nexthop_id) +
                                              ", which nobody announced");
    }
  }
  const bool own = !target;
  if (own && (!by_id || !route.hops.empty() || route.action != Action::forward)) {
    target = target_of(route);
  }
  if (!target) {
    return;  // a withdrawal before it in the frame stays: the route as it was is not meant any more
  }
  pending_.reset();
  counters_.replaced_in_one += same ? 1 : 0;
  const auto there = tables_.find(route.prefix);
  if (there && there->info.owner == tables::RouteOwner::chassis) {
    ++counters_.skipped;
  } else if (auto set = tables_.set_route(
                 route.prefix, *target, {route.protocol, route.metric, tables::RouteOwner::daemon});
             set) {
    ++counters_.routes_set;
    if (seen_) {
      seen_->push_back(route.prefix);
    }
  } else {
    complain(counters_.refused, set.error().message());
  }
  if (own) {
    (void)tables_.drop(*target);
  }
}

/// Routes that used a next hop use another one from here.
void Feed::replace(tables::NextHopId before, tables::NextHopId after) {
  std::vector<tables::RouteChange> changes;
  tables_.each_route([&](const tables::RouteEntry& entry) {
    if (entry.nexthop == before) {
      changes.push_back({entry.prefix, after, entry.info});
    }
    return true;
  });
  if (auto loaded = tables_.load(changes); !loaded) {
    complain(counters_.refused, loaded.error().message());
  }
}

void Feed::renew_groups(std::uint32_t member) {
  for (auto& [id, known] : nexthops_) {
    const auto& members = known.said.members;
    const bool has = std::any_of(members.begin(), members.end(),
                                 [&](const auto& each) { return each.id == member; });
    const auto renewed = has ? resolve(known.said) : std::nullopt;
    if (renewed && *renewed != known.id) {
      replace(known.id, *renewed);
      (void)tables_.drop(known.id);
      known.id = *renewed;
    } else if (renewed) {
      (void)tables_.drop(*renewed);
    }
  }
}

void Feed::take(const NextHopSaid& said) {
  remove_pending();
  ++counters_.nexthops;
  const auto known = nexthops_.find(said.id);
  if (said.removed) {
    if (known != nexthops_.end()) {
      (void)tables_.drop(known->second.id);
      nexthops_.erase(known);
    }
    return;
  }
  const auto id = resolve(said);
  if (!id) {
    return;
  }
  if (known == nexthops_.end()) {
    nexthops_.emplace(said.id, Known{*id, said});
    return;
  }
  const tables::NextHopId before = known->second.id;
  known->second = {*id, said};
  if (before != *id) {
    replace(before, *id);
    renew_groups(said.id);
  }
  (void)tables_.drop(before);
}

Decoded Feed::apply(std::span<const std::byte> messages) {
  const Decoded decoded = decode(messages, {[this](const RouteSaid& route) { take(route); },
                                            [this](const NextHopSaid& said) { take(said); }});
  remove_pending();
  counters_.messages += decoded.messages;
  counters_.skipped += decoded.skipped;
  if (!decoded.sound) {
    complain(counters_.malformed, "netlink messages whose lengths do not fit; the rest was left");
  }
  return decoded;
}

void Feed::forget_nexthops() {
  for (const auto& [id, known] : nexthops_) {
    (void)tables_.drop(known.id);
  }
  nexthops_.clear();
}

void Feed::begin_listing() {
  seen_.emplace();
}

std::vector<Prefix> Feed::take_seen() {
  std::vector<Prefix> seen = seen_ ? std::move(*seen_) : std::vector<Prefix>();
  seen_.reset();
  return seen;
}

}  // namespace issu::fpm
