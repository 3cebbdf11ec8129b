#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backends/npu.hpp"
#include "issu/base/clock.hpp"

/// What every NPU driver has to do, whatever its tables are. A driver's test makes a `NpuLab` of
/// its own and calls `npu_contract` from one TEST_CASE.
namespace issu::backends::contract {

using state_sync::nth_after;
using state_sync::Prefix;

/// A chassis to try the port on, with hands that change its tables as a routing daemon would.
struct NpuLab {
  /// A new object for the same chassis, as a coordinator makes it after it was killed.
  std::function<std::unique_ptr<Npu>()> make;
  /// Adds or replaces these routes; `side` 0 and 1 install them with different next hops.
  std::function<void(const std::vector<Prefix>&, int side)> install;
  std::function<void(const std::vector<Prefix>&)> withdraw;
  /// Routes of both families that are really in the tables, counted without the driver.
  std::function<std::uint64_t()> count;
  /// SIGKILL to the process that watches the tables.
  std::function<void()> kill_watcher;
};

inline std::vector<Prefix> block(const char* first, std::uint64_t count) {
  std::vector<Prefix> prefixes;
  const Prefix start = Prefix::parse(first).value();
  for (std::uint64_t n = 0; n < count; ++n) {
    prefixes.push_back(nth_after(start, n));
  }
  return prefixes;
}

/// The state when `ready` holds of it, or the last one after 10 seconds.
inline SyncState state_when(Npu& npu, const std::function<bool(const SyncState&)>& ready) {
  SyncState last;
  wait_until(
      [&] {
        auto state = npu.sync_state();
        REQUIRE(state.has_value());
        last = *state;
        return ready(last);
      },
      Deadline::in(std::chrono::seconds(10)));
  return last;
}

#define ISSU_CONTRACT_OK(expression)                                             \
  do {                                                                           \
    const auto contract_result = (expression);                                   \
    INFO((contract_result ? std::string() : contract_result.error().message())); \
    REQUIRE(contract_result.has_value());                                        \
  } while (false)

inline void npu_contract(NpuLab& lab) {
  auto npu = lab.make();
  ISSU_CONTRACT_OK(npu->check());
  ISSU_CONTRACT_OK(npu->up());
  const auto ipv4 = block("10.0.0.0/24", 600);
  const auto ipv6 = block("2001:db8:1000::/48", 400);
  const auto fill = [&](int side) {
    lab.install(ipv4, side);
    lab.install(ipv6, side);
  };

  SUBCASE("up, check and down can be repeated; down leaves an empty chassis behind") {
    ISSU_CONTRACT_OK(npu->up());
    ISSU_CONTRACT_OK(npu->check());
    ISSU_CONTRACT_OK(npu->down());
    ISSU_CONTRACT_OK(npu->down());
    ISSU_CONTRACT_OK(npu->up());
    CHECK(npu->size()->total() == 0);
  }

  SUBCASE("size counts each family") {
    fill(0);
    const auto size = npu->size();
    REQUIRE(size.has_value());
    CHECK(size->ipv4 == 600);
    CHECK(size->ipv6 == 400);
  }

  SUBCASE("what comes again is refreshed, what does not is swept, nothing is deleted") {
    fill(0);
    ISSU_CONTRACT_OK(npu->watch());
    ISSU_CONTRACT_OK(npu->watch());
    ISSU_CONTRACT_OK(npu->hold(1));
    auto state = npu->sync_state().value();
    CHECK(state.epoch == 1);
    CHECK(state.holding);
    CHECK(state.complete);
    CHECK(state.held == 1000);
    CHECK(state.stale == 1000);
    lab.install(block("10.0.0.0/24", 590), 1);
    lab.install(ipv6, 1);
    lab.install(block("10.9.0.0/24", 5), 1);
    state = state_when(*npu, [](const SyncState& now) { return now.added == 5; });
    CHECK(state.refreshed == 990);
    CHECK(state.stale == 10);
    CHECK(state.added == 5);
    CHECK(state.deleted == 0);
    CHECK_FALSE(state.stale_sample.empty());
    CHECK(state.quiet_s < 5);
    const auto swept = npu->sweep(1);
    ISSU_CONTRACT_OK(swept);
    CHECK(swept->swept == 10);
    CHECK(swept->stale == 0);
    CHECK(swept->deleted == 0);
    CHECK(lab.count() == 995);
    const auto again = npu->sweep(1);
    ISSU_CONTRACT_OK(again);
    CHECK(again->swept == 10);
    CHECK(lab.count() == 995);
  }

  SUBCASE("a deletion is counted, also when the route comes back") {
    fill(0);
    ISSU_CONTRACT_OK(npu->watch());
    ISSU_CONTRACT_OK(npu->hold(1));
    lab.withdraw(block("10.0.0.0/24", 3));
    lab.install(block("10.0.0.0/24", 1), 1);
    const auto state = state_when(*npu, [](const SyncState& now) { return now.refreshed == 1; });
    CHECK(state.deleted == 3);
    CHECK(state.refreshed == 1);
    CHECK(state.stale == 997);
    CHECK(state.complete);
  }

  SUBCASE("what is kept and comes back was not deleted; what does not come back is gone") {
    fill(0);
    ISSU_CONTRACT_OK(npu->watch());
    CHECK_FALSE(npu->keep(1));
    ISSU_CONTRACT_OK(npu->hold(1));
    CHECK_FALSE(npu->keep(2));
    ISSU_CONTRACT_OK(npu->keep(1));
    ISSU_CONTRACT_OK(lab.make()->keep(1));  // a killed caller's successor
    lab.withdraw(ipv4);
    lab.withdraw(ipv6);
    lab.install(block("10.0.0.0/24", 590), 1);
    lab.install(ipv6, 1);
    const auto state = state_when(*npu, [](const SyncState& now) { return now.refreshed == 990; });
    CHECK(state.refreshed == 990);
    CHECK(state.deleted == 0);
    const auto swept = npu->sweep(1);
    ISSU_CONTRACT_OK(swept);
    CHECK(swept->deleted + swept->swept == 10);
    CHECK(lab.count() == 990);
  }

  SUBCASE("a list of refreshed routes is taken, what is not in the tables is ignored") {
    fill(0);
    ISSU_CONTRACT_OK(npu->watch());
    ISSU_CONTRACT_OK(npu->hold(1));
    auto list = ipv4;
    const auto unknown = block("100.64.0.0/24", 20000);
    list.insert(list.end(), unknown.begin(), unknown.end());
    ISSU_CONTRACT_OK(npu->refresh(1, list));
    const auto state = npu->sync_state().value();
    CHECK(state.refreshed == 600);
    CHECK(state.stale == 400);
    CHECK(state.added == 0);
    // A list is all that the new side has: an empty one takes every confirmation back.
    ISSU_CONTRACT_OK(npu->refresh(1, {}));
    CHECK(npu->sync_state()->refreshed == 0);
    CHECK(npu->sync_state()->stale == 1000);
  }

  SUBCASE("only the current epoch may speak") {
    fill(0);
    ISSU_CONTRACT_OK(npu->watch());
    ISSU_CONTRACT_OK(npu->hold(5));
    lab.install(ipv4, 1);
    state_when(*npu, [](const SyncState& now) { return now.refreshed == 600; });
    ISSU_CONTRACT_OK(npu->hold(5));
    CHECK(npu->sync_state()->refreshed == 600);
    for (const std::uint64_t other : {0, 4, 6}) {
      CAPTURE(other);
      const auto refused = npu->sweep(other);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().kind() == ErrorKind::refused);
      CHECK_FALSE(npu->refresh(other, ipv6));
    }
    CHECK_FALSE(npu->hold(4));
    CHECK(lab.count() == 1000);
    ISSU_CONTRACT_OK(npu->hold(6));
    CHECK(npu->sync_state()->stale == 1000);
    CHECK_FALSE(npu->sweep(5));
    CHECK(lab.count() == 1000);
  }

  SUBCASE("a hold outlives the caller") {
    fill(0);
    ISSU_CONTRACT_OK(npu->watch());
    ISSU_CONTRACT_OK(npu->hold(1));
    lab.withdraw(block("10.0.0.0/24", 1));
    npu.reset();
    lab.install(block("10.0.1.0/24", 9), 1);
    npu = lab.make();
    const auto state = state_when(*npu, [](const SyncState& now) { return now.refreshed == 9; });
    CHECK(state.complete);
    CHECK(state.held == 1000);
    CHECK(state.refreshed == 9);
    CHECK(state.deleted == 1);
  }

  SUBCASE("release gives the last state, deletes nothing, and can be repeated") {
    fill(0);
    ISSU_CONTRACT_OK(npu->watch());
    ISSU_CONTRACT_OK(npu->hold(1));
    lab.withdraw(block("10.0.0.0/24", 2));
    const auto last = npu->release();
    ISSU_CONTRACT_OK(last);
    CHECK(last->deleted == 2);
    CHECK(last->complete);
    CHECK_FALSE(last->holding);
    CHECK(lab.count() == 998);
    const auto again = npu->release();
    ISSU_CONTRACT_OK(again);
    CHECK(again->deleted == 2);
    CHECK(again->complete);
    CHECK_FALSE(npu->sweep(1));
    ISSU_CONTRACT_OK(npu->watch());
    CHECK(npu->sync_state()->epoch == 1);
    CHECK_FALSE(npu->hold(1));
    ISSU_CONTRACT_OK(npu->hold(2));
    CHECK(npu->sync_state()->held == 998);
  }

  SUBCASE("a watcher that was killed is no evidence any more, and sweeps nothing") {
    fill(0);
    ISSU_CONTRACT_OK(npu->watch());
    ISSU_CONTRACT_OK(npu->hold(3));
    lab.kill_watcher();
    auto state = npu->sync_state();
    ISSU_CONTRACT_OK(state);
    CHECK(state->epoch == 3);
    CHECK(state->holding);
    CHECK_FALSE(state->complete);
    ISSU_CONTRACT_OK(npu->watch());
    state = npu->sync_state();
    ISSU_CONTRACT_OK(state);
    CHECK_FALSE(state->complete);
    CHECK_FALSE(npu->hold(2));
    CHECK_FALSE(npu->sweep(3));
    CHECK(lab.count() == 1000);
    ISSU_CONTRACT_OK(npu->hold(4));
    CHECK(npu->sync_state()->complete);
    CHECK(npu->sync_state()->held == 1000);
  }

  SUBCASE("without a watcher a hold is refused and says so") {
    const auto held = npu->hold(1);
    REQUIRE_FALSE(held);
    CHECK(held.error().message().find("watch") != std::string::npos);
    CHECK(npu->sync_state()->epoch == 0);
  }

  ISSU_CONTRACT_OK(npu->down());
}

}  // namespace issu::backends::contract
