#include "state-sync/fpm/feed.hpp"

#include "state-sync/route.hpp"

namespace issu::fpm {
namespace {

/// Routes that wait for their next hop; more are refused.
constexpr std::size_t most_waiting = 1U << 20U;

bool is_chassis(const std::optional<tables::RouteEntry>& there) {
  return there && there->info.owner == tables::RouteOwner::chassis;
}

}  // namespace

Feed::Feed(tables::Writer& tables, FeedOptions options)
    : tables_(tables),
      options_(std::move(options)),
      faults_(options_.log),
      nexthops_(tables_, options_.port_of, counters_, faults_) {}

void Feed::count_malformed(const std::string& what) {
  faults_.count(counters_.malformed, [&] { return what; });
}

void Feed::remove_pending() {
  if (!pending_) {
    return;
  }
  const Prefix prefix = *pending_;
  pending_.reset();
  const auto there = tables_.find(prefix);
  if (!there || is_chassis(there)) {
    return;
  }
  const auto removed = tables_.remove_route(prefix);
  if (!removed) {
    faults_.count(counters_.refused, [&] { return removed.error().message(); });
  } else if (*removed) {
    ++counters_.routes_removed;
  }
}

void Feed::wait_for_nexthop(const RouteSaid& route) {
  if (route.nexthop_id == 0 || waiting_.size() >= most_waiting) {
    return;
  }
  pending_.reset();
  waiting_[route.prefix] = {route.nexthop_id, route.protocol, route.metric};
}

void Feed::set_waiting(std::uint32_t nexthop_id) {
  const auto target = waiting_.empty() ? std::nullopt : nexthops_.find(nexthop_id);
  if (!target) {
    return;
  }
  for (auto each = waiting_.begin(); each != waiting_.end();) {
    if (each->second.nexthop_id != nexthop_id) {
      ++each;
      continue;
    }
    RouteSaid route;
    route.prefix = each->first;
    route.protocol = each->second.protocol;
    route.metric = each->second.metric;
    set(route, *target);
    ++counters_.set_later;
    each = waiting_.erase(each);
  }
}

void Feed::withdraw(const RouteSaid& route) {
  waiting_.erase(route.prefix);
  if (!from_kernel_) {
    pending_ = route.prefix;
    return;
  }
  const auto there = tables_.find(route.prefix);
  if (there && there->info.metric != route.metric) {
    return;  // it was not the one that counts
  }
  const bool others = several_.contains(route.prefix) ||
                      (route.partly && there && !tables_.members(there->nexthop).empty());
  if (others) {
    wants_resync_ = true;  // until then the route stays: another takes its place
    return;
  }
  pending_ = route.prefix;
}

/// Whether the kernel has a better route for this prefix. In a listing the best one comes first.
bool Feed::hidden(const RouteSaid& route, const std::optional<tables::RouteEntry>& there) {
  const bool listed = seen_ && !seen_->empty() && seen_->back() == route.prefix;
  if (!there || (seen_ && !listed) || (!seen_ && there->info.metric == route.metric)) {
    return false;
  }
  several_.insert(route.prefix);
  return listed || there->info.metric < route.metric;
}

std::optional<tables::NextHopId> Feed::target_by_id(const RouteSaid& route) {
  const auto known = nexthops_.find(route.nexthop_id);
  if (!known && route.hops.empty()) {
    faults_.count(counters_.unknown_nexthop, [&] {
      return route.prefix.text() + " has next-hop id " + std::to_string(route.nexthop_id) +
             ", which nobody announced";
    });
  }
  return known;
}

void Feed::set(const RouteSaid& route, tables::NextHopId target) {
  const auto there = tables_.find(route.prefix);
  if (is_chassis(there) || (from_kernel_ && hidden(route, there))) {
    ++counters_.skipped;
    return;
  }
  const tables::RouteInfo info{route.protocol, route.metric, tables::RouteOwner::daemon};
  if (auto done = tables_.set_route(route.prefix, target, info); !done) {
    faults_.count(counters_.refused, [&] { return done.error().message(); });
    return;
  }
  ++counters_.routes_set;
  if (seen_) {
    seen_->push_back(route.prefix);
  }
}

void Feed::take(const RouteSaid& route) {
  const bool same = pending_ && *pending_ == route.prefix;
  if (!same) {
    remove_pending();
  }
  // zebra leaves the protocol of some withdrawals open.
  const bool open = route.removed && route.protocol == 0;
  if (!open && !state_sync::is_daemon_protocol(route.protocol)) {
    ++counters_.skipped;
    return;
  }
  if (route.removed) {
    withdraw(route);
    return;
  }
  auto target = route.nexthop_id == 0 ? std::nullopt : target_by_id(route);
  const bool own = !target && (route.nexthop_id == 0 || !route.hops.empty());
  if (own) {
    target = nexthops_.intern(route.action, route.hops);
  }
  if (!target) {
    wait_for_nexthop(route);
    return;
  }
  pending_.reset();
  waiting_.erase(route.prefix);
  counters_.replaced_in_one += same ? 1 : 0;
  set(route, *target);
  if (own) {
    (void)tables_.drop(*target);
  }
}

bool Feed::is_used(tables::NextHopId target) const {
  bool used = false;
  tables_.each_route([&](const tables::RouteEntry& entry) {
    used = entry.nexthop == target;
    return !used;
  });
  return used;
}

void Feed::take(const NextHopSaid& said) {
  remove_pending();
  ++counters_.nexthops;
  if (!said.removed) {
    wants_resync_ = nexthops_.set(said) == NextHopIds::Change::ambiguous || wants_resync_;
    set_waiting(said.id);
    return;
  }
  const auto target = nexthops_.remove(said.id);
  wants_resync_ = wants_resync_ || (from_kernel_ && target && is_used(*target));
}

Decoded Feed::apply(std::span<const std::byte> messages) {
  const Decoded decoded = decode(messages, {[this](const RouteSaid& route) { take(route); },
                                            [this](const NextHopSaid& said) { take(said); }});
  remove_pending();
  counters_.messages += decoded.messages;
  counters_.skipped += decoded.skipped;
  if (!decoded.sound) {
    count_malformed("netlink messages whose lengths do not fit; the rest was left");
  }
  return decoded;
}

void Feed::begin_listing() {
  seen_.emplace();
  several_.clear();
}

std::vector<Prefix> Feed::take_seen() {
  std::vector<Prefix> seen = seen_ ? std::move(*seen_) : std::vector<Prefix>();
  seen_.reset();
  return seen;
}

}  // namespace issu::fpm
