// Hold, refresh, sweep: marks are numbers of generations, so to mark all routes is to count on.

#include <algorithm>
#include <limits>
#include <string>

#include "state-sync/tables/writer_state.hpp"

namespace issu::tables {
namespace {

RouteEntry entry_of(const npu_route& slot, bool held, bool stale) {
  RouteEntry entry;
  entry.prefix = RouteStore::prefix_of(slot);
  entry.nexthop = slot.nexthop;
  entry.info.protocol = slot.protocol;
  entry.info.metric = slot.metric;
  entry.info.owner =
      (slot.state & NPU_ROUTE_DAEMON) != 0 ? RouteOwner::daemon : RouteOwner::chassis;
  entry.held = held;
  entry.stale = stale;
  return entry;
}

}  // namespace

void Writer::State::next_generation() {
  if (header.generation < std::numeric_limits<npu_u16>::max()) {
    ++header.generation;
    return;
  }
  // Marks of before 1, held 2, said since 3. A crash in here leaves marks that mean nothing.
  const npu_u32 incomplete = header.incomplete;
  put(header.incomplete, 1U);
  for (npu_route& slot : routes.slots()) {
    if (RouteStore::used(slot)) {
      const bool is_confirmed = confirmed(slot);
      const npu_u16 born = slot.born < header.hold_generation ? 1 : 2;
      RouteStore::set_nexthop(slot, slot.nexthop, born, is_confirmed ? 3 : 2);
    }
  }
  header.hold_generation = 2;
  header.fresh_generation = 3;
  header.generation = 4;
  put(header.incomplete, incomplete);
}

Result<void> Writer::hold(std::uint64_t epoch) {
  State& state = *state_;
  npu_header& header = state.header;
  ISSU_TRY(state.check(), "holding the routes");
  if (epoch < header.hold_epoch || epoch == 0) {
    return fail("epoch " + std::to_string(epoch) + " is not the current one, that is " +
                    std::to_string(header.hold_epoch),
                {}, ErrorKind::refused);
  }
  if (epoch == header.hold_epoch) {
    return {};
  }
  state.next_generation();
  header.hold_generation = header.fresh_generation = header.generation;
  state.held_now = state.counts.daemon4 + state.counts.daemon6;
  state.refreshed = 0;
  state.gone.clear();
  state.keeping = false;
  put(header.held, state.held_now);
  put(header.added, npu_u64{0});
  put(header.deleted, npu_u64{0});
  put(header.swept, npu_u64{0});
  put(header.incomplete, 0U);
  put(header.changed_at, npu_u64{0});
  put(header.hold_epoch, epoch);
  publish(header.holding, 1U);
  return {};
}

void Writer::State::doubt(npu_route& slot) {
  refreshed -= confirmed(slot) ? 1 : 0;
  RouteStore::set_nexthop(slot, slot.nexthop, slot.born, slot.born);  // of before the hold
}

Result<void> Writer::keep(std::uint64_t epoch) {
  State& state = *state_;
  ISSU_TRY(state.check(), "keeping the held routes");
  if (state.header.holding == 0 || epoch != state.header.hold_epoch) {
    return fail("epoch " + std::to_string(epoch) + " holds no routes", {}, ErrorKind::refused);
  }
  state.keeping = true;
  return {};
}

Result<void> Writer::refresh(std::uint64_t epoch, std::span<const Prefix> prefixes) {
  constexpr std::size_t ahead = 16;
  State& state = *state_;
  ISSU_TRY(state.check(), "refreshing the routes");
  if (state.header.holding == 0 || epoch != state.header.hold_epoch) {
    return fail("epoch " + std::to_string(epoch) + " holds no routes", {}, ErrorKind::refused);
  }
  state.next_generation();
  state.header.fresh_generation = state.header.generation;
  state.refreshed = 0;
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    if (i + ahead < prefixes.size()) {
      state.routes.prefetch(prefixes[i + ahead]);
    }
    npu_route* const slot = state.routes.find(prefixes[i]);
    if (slot == nullptr || state.confirmed(*slot)) {
      continue;
    }
    if (state.held(*slot)) {
      ++state.refreshed;
    }
    RouteStore::set_nexthop(*slot, slot->nexthop, slot->born, state.header.generation);
  }
  return {};
}

Result<HoldState> Writer::sweep(std::uint64_t epoch) {
  State& state = *state_;
  ISSU_TRY(state.check(), "sweeping the routes");
  if (state.header.holding == 0 || epoch != state.header.hold_epoch) {
    return fail("epoch " + std::to_string(epoch) + " holds no routes", {}, ErrorKind::refused);
  }
  constexpr std::size_t ahead = 12;
  std::vector<Prefix> prefixes = stale_sample(std::numeric_limits<std::size_t>::max());
  // The shortest first: no entry falls back to a route that goes next, and lengths of which nothing
  // is left need not be searched for what covers the others.
  std::stable_sort(prefixes.begin(), prefixes.end(),
                   [](const Prefix& a, const Prefix& b) { return a.length < b.length; });
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    if (i + ahead < prefixes.size()) {
      const Prefix& later = prefixes[i + ahead];
      state.routes.prefetch(later);
      state.trie(later).prefetch(later);
    }
    state.take_out(state.routes.find(prefixes[i]));
    put(state.header.swept, state.header.swept + 1);
  }
  state.keeping = false;
  return hold_state();
}

Result<HoldState> Writer::release_hold() {
  ISSU_TRY(state_->check(), "releasing the routes");
  const HoldState last = hold_state();
  publish(state_->header.holding, 0U);
  state_->keeping = false;
  return last;
}

HoldState Writer::hold_state() const {
  const npu_header& header = state_->header;
  HoldState made;
  made.epoch = header.hold_epoch;
  made.holding = header.holding != 0;
  made.complete = header.incomplete == 0;
  made.held = header.held;
  made.refreshed = state_->refreshed;
  made.stale = state_->held_now - state_->refreshed;
  made.added = header.added;
  made.deleted = header.deleted;
  made.swept = header.swept;
  made.changed_at = static_cast<std::int64_t>(header.changed_at);
  return made;
}

std::vector<Prefix> Writer::stale_sample(std::size_t limit) const {
  const State& state = *state_;
  std::vector<Prefix> sample;
  std::uint64_t left = state.held_now - state.refreshed;
  if (state.header.holding == 0) {
    return sample;
  }
  for (const npu_route& slot : state.routes.slots()) {
    if (left == 0 || sample.size() >= limit) {
      break;
    }
    if (RouteStore::used(slot) && state.stale(slot)) {
      sample.push_back(RouteStore::prefix_of(slot));
      --left;
    }
  }
  return sample;
}

std::optional<RouteEntry> Writer::find(const Prefix& prefix) const {
  const npu_route* const slot = state_->routes.find(prefix);
  if (slot == nullptr) {
    return std::nullopt;
  }
  return entry_of(*slot, state_->held(*slot), state_->stale(*slot));
}

void Writer::each_route(const std::function<bool(const RouteEntry&)>& visit) const {
  for (const npu_route& slot : state_->routes.slots()) {
    if (RouteStore::used(slot) && !visit(entry_of(slot, state_->held(slot), state_->stale(slot)))) {
      return;
    }
  }
}

RouteCounts Writer::counts() const {
  RouteCounts made = state_->counts;
  made.all = state_->routes.size();
  return made;
}

}  // namespace issu::tables
