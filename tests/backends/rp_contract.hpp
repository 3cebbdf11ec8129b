#pragma once

#include <doctest/doctest.h>
#include <signal.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backends/rp.hpp"
#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"

namespace issu::testing {

/// What a backend gives to be tested. Nothing may run or be staged at the beginning.
struct RpContract {
  /// A new object for the same router: nothing may depend on which one is asked.
  std::function<std::unique_ptr<backends::RouteProcessor>()> make;
  backends::StagedPayload payload;
  backends::StagedPayload other_payload;
  std::string version;        ///< that the daemons of `payload` tell
  std::string other_version;  ///< and those of `other_payload`
  /// Whether a daemon that `status` told of is still there, and its sudden end. Asked of the host's
  /// processes where a backend does not say otherwise.
  std::function<bool(backends::Slot, const backends::DaemonStatus&)> runs;
  std::function<Result<void>(backends::Slot, const backends::DaemonStatus&)> kill;
  /// Mounts, devices, groups, processes and files of this router that are there now.
  std::function<std::vector<std::string>()> traces;
};

#define RP_OK(expression)                                                        \
  do {                                                                           \
    const auto rp_result = (expression);                                         \
    const std::string rp_message = rp_result ? "" : rp_result.error().message(); \
    REQUIRE_MESSAGE(rp_result.has_value(), rp_message);                          \
  } while (false)

inline backends::SlotPower power_of(backends::RouteProcessor& rp, backends::Slot slot) {
  auto status = rp.status(slot);
  REQUIRE(status.has_value());
  return status->power;
}

inline std::vector<ProcessId> daemons_of(backends::RouteProcessor& rp, backends::Slot slot) {
  auto status = rp.status(slot);
  REQUIRE(status.has_value());
  std::vector<ProcessId> processes;
  for (const auto& daemon : status->daemons) {
    CHECK_MESSAGE(daemon.running, daemon.name);
    processes.push_back(identify(daemon.pid));
    CHECK(is_alive(processes.back()));
  }
  return processes;
}

inline bool any_alive(const std::vector<ProcessId>& processes) {
  for (const ProcessId& process : processes) {
    if (is_alive(process)) {
      return true;
    }
  }
  return false;
}

/// The daemons of a slot as they are now, to be asked for later.
class RpLives {
 public:
  RpLives(const RpContract& contract, backends::Slot slot) : contract_(contract), slot_(slot) {
    auto status = contract.make()->status(slot);
    REQUIRE(status.has_value());
    REQUIRE_FALSE(status->daemons.empty());
    for (const auto& daemon : status->daemons) {
      CHECK_MESSAGE(daemon.running, daemon.name);
      daemons_.emplace_back(daemon, identify(daemon.pid));
    }
    CHECK(any());
  }
  [[nodiscard]] bool any() const {
    for (const auto& [daemon, process] : daemons_) {
      if (contract_.runs ? contract_.runs(slot_, daemon) : is_alive(process)) {
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] std::vector<int> pids() const {
    std::vector<int> pids;
    for (const auto& [daemon, process] : daemons_) {
      pids.push_back(daemon.pid);
    }
    return pids;
  }
  /// Ends the last one; what it was.
  [[nodiscard]] backends::DaemonStatus kill_last() const {
    const auto& [daemon, process] = daemons_.back();
    RP_OK(contract_.kill ? contract_.kill(slot_, daemon) : send_signal(process, SIGKILL));
    return daemon;
  }

 private:
  const RpContract& contract_;
  backends::Slot slot_;
  std::vector<std::pair<backends::DaemonStatus, ProcessId>> daemons_;
};

/// A process that has ended is there until its parent has taken notice: that may take a moment.
inline void rp_left_nothing(const RpContract& contract) {
  std::vector<std::string> traces;
  wait_until(
      [&] {
        traces = contract.traces();
        return traces.empty();
      },
      Deadline::in(std::chrono::seconds(3)));
  CHECK_MESSAGE(traces.empty(), (traces.empty() ? "" : traces.front()));
}

/// Nothing staged: what needs an earlier state says so, what takes away has nothing to do.
inline void rp_refuses_wrong_order(const RpContract& contract) {
  using namespace backends;
  auto rp = contract.make();
  RP_OK(rp->check());
  CHECK(power_of(*rp, Slot::a) == SlotPower::empty);
  CHECK_FALSE(rp->boot(Slot::a).has_value());
  CHECK_FALSE(rp->activate(Slot::a).has_value());
  CHECK_FALSE(rp->control_plane(Slot::a).has_value());
  CHECK_FALSE(rp->routes(Slot::a).has_value());
  RP_OK(rp->fence(Slot::a));
  RP_OK(rp->power_off(Slot::a));
  RP_OK(rp->unstage(Slot::a));

  RP_OK(rp->stage(Slot::a, contract.payload));
  CHECK_FALSE(rp->activate(Slot::a).has_value());
  CHECK_FALSE(rp->stage(Slot::a, contract.other_payload).has_value());
  RP_OK(rp->boot(Slot::a));
  CHECK_FALSE(rp->control_plane(Slot::a).has_value());
  CHECK_FALSE(rp->unstage(Slot::a).has_value());
  CHECK(power_of(*rp, Slot::a) == SlotPower::booted);
  RP_OK(rp->power_off(Slot::a));
  CHECK(power_of(*rp, Slot::a) == SlotPower::staged);
  RP_OK(rp->unstage(Slot::a));
  rp_left_nothing(contract);
}

/// Every verb twice, each time by a new object.
inline void rp_repeats_every_verb(const RpContract& contract) {
  using namespace backends;
  for (int time = 0; time < 2; ++time) {
    RP_OK(contract.make()->stage(Slot::a, contract.payload));
    CHECK(power_of(*contract.make(), Slot::a) == SlotPower::staged);
  }
  for (int time = 0; time < 2; ++time) {
    RP_OK(contract.make()->boot(Slot::a));
    const auto status = contract.make()->status(Slot::a);
    REQUIRE(status.has_value());
    CHECK(status->power == SlotPower::booted);
    CHECK(status->daemons.empty());
  }
  RP_OK(contract.make()->activate(Slot::a));
  const RpLives first(contract, Slot::a);
  RP_OK(contract.make()->activate(Slot::a));
  CHECK(RpLives(contract, Slot::a).pids() == first.pids());
  const auto view = contract.make()->control_plane(Slot::a);
  REQUIRE(view.has_value());
  CHECK(view->answering);
  CHECK(view->version == contract.version);
  const auto said = contract.make()->running_config(Slot::a);
  REQUIRE(said.has_value());
  if (*said) {  // not every suite says it
    CHECK((*said)->find(contract.version) != std::string::npos);
  }
  for (int time = 0; time < 2; ++time) {
    RP_OK(contract.make()->fence(Slot::a));
    CHECK_FALSE(first.any());
    CHECK(power_of(*contract.make(), Slot::a) == SlotPower::booted);
  }
  for (int time = 0; time < 2; ++time) {
    RP_OK(contract.make()->power_off(Slot::a));
    CHECK(power_of(*contract.make(), Slot::a) == SlotPower::staged);
  }
  for (int time = 0; time < 2; ++time) {
    RP_OK(contract.make()->unstage(Slot::a));
    CHECK(power_of(*contract.make(), Slot::a) == SlotPower::empty);
  }
  rp_left_nothing(contract);
}

/// A daemon that is killed is counted and comes back.
inline void rp_counts_exits(const RpContract& contract) {
  using namespace backends;
  auto rp = contract.make();
  RP_OK(rp->stage(Slot::a, contract.payload));
  RP_OK(rp->boot(Slot::a));
  RP_OK(rp->activate(Slot::a));
  const DaemonStatus victim = RpLives(contract, Slot::a).kill_last();
  DaemonStatus now;
  const bool back = wait_until(
      [&] {
        const auto status = rp->status(Slot::a);
        now = status && !status->daemons.empty() ? status->daemons.back() : DaemonStatus{};
        return now.running && now.exits == 1;
      },
      Deadline::in(std::chrono::seconds(10)));
  CHECK(back);
  CHECK(now.last_end == "signal 9");
  CHECK(now.pid != victim.pid);
  // A new life starts counting anew.
  RP_OK(rp->fence(Slot::a));
  RP_OK(rp->activate(Slot::a));
  const auto running = rp->status(Slot::a);
  REQUIRE(running);
  for (const auto& daemon : running->daemons) {
    CHECK(daemon.exits == 0);
  }
  RP_OK(rp->power_off(Slot::a));
  RP_OK(rp->unstage(Slot::a));
  rp_left_nothing(contract);
}

/// The other version is booted beside the active one, takes over, and gives back.
inline void rp_changes_slots(const RpContract& contract) {
  using namespace backends;
  auto rp = contract.make();
  RP_OK(rp->stage(Slot::a, contract.payload));
  RP_OK(rp->boot(Slot::a));
  RP_OK(rp->activate(Slot::a));
  const RpLives old_side(contract, Slot::a);
  RP_OK(rp->stage(Slot::b, contract.other_payload));
  RP_OK(rp->boot(Slot::b));
  CHECK(old_side.any());
  CHECK(rp->control_plane(Slot::a)->answering);

  RP_OK(rp->fence(Slot::a));
  CHECK_FALSE(old_side.any());
  RP_OK(rp->activate(Slot::b));
  auto view = rp->control_plane(Slot::b);
  REQUIRE(view.has_value());
  CHECK(view->answering);
  CHECK(view->version == contract.other_version);

  RP_OK(rp->fence(Slot::b));
  RP_OK(rp->activate(Slot::a));
  view = rp->control_plane(Slot::a);
  REQUIRE(view.has_value());
  CHECK(view->version == contract.version);
  for (const Slot slot : {Slot::b, Slot::a}) {
    RP_OK(rp->power_off(slot));
    RP_OK(rp->unstage(slot));
  }
  rp_left_nothing(contract);
}

inline void check_rp_contract(const RpContract& contract) {
  SUBCASE("verbs in the wrong order are refused") {
    rp_refuses_wrong_order(contract);
  }
  SUBCASE("every verb can be repeated") {
    rp_repeats_every_verb(contract);
  }
  SUBCASE("a daemon that ends is counted and started again") {
    rp_counts_exits(contract);
  }
  SUBCASE("the other slot takes over and gives back") {
    rp_changes_slots(contract);
  }
}

}  // namespace issu::testing
