#include "tests/bench/checkpoint/ways.hpp"

#include <algorithm>
#include <csignal>

#include "issu/base/child.hpp"

namespace issu::bench {
namespace {

constexpr auto patience = std::chrono::minutes(4);
constexpr auto ended_within = std::chrono::seconds(30);

}  // namespace

Result<SaveAndRestore> save_and_restore(Router& router) {
  auto& rp = router.rp();
  ISSU_TRY(rp.prepare_save(Router::slot), "");
  auto saved = rp.save(Router::slot, backends::Afterwards::gone);
  if (!saved) {
    return fail(std::move(saved).error());
  }
  auto restored = rp.restore(Router::slot, Router::slot, backends::Sessions::keep);
  if (!restored) {
    return fail(std::move(restored).error());
  }
  SaveAndRestore both{*saved, *restored, to_ms(restored->dark_until - saved->dark_from)};
  ISSU_TRY(rp.forget_saved(Router::slot), "");
  return both;
}

Result<double> restart(Router& router) {
  auto before = router.rp().status(Router::slot);
  if (!before) {
    return fail(std::move(before).error());
  }
  std::vector<ProcessId> daemons;
  for (const auto& daemon : before->daemons) {
    daemons.push_back(identify(daemon.pid));
  }
  const MonoNs from = mono_now();
  for (const ProcessId& daemon : daemons) {
    ISSU_TRY(send_signal(daemon, SIGTERM), "ending the daemons");
  }
  if (!wait_until(
          [&] {
            return std::none_of(daemons.begin(), daemons.end(),
                                [](const ProcessId& daemon) { return is_alive(daemon); });
          },
          Deadline::in(ended_within), std::chrono::milliseconds(5))) {
    return fail("a daemon does not end on SIGTERM");
  }
  // Process 1 would start all at once, and a bgpd that is up before zebra loses IPv6 routes for
  // good. Whoever restarts FRR starts zebra first.
  ISSU_TRY(router.rp().fence(Router::slot), "after the daemons' end");
  ISSU_TRY(router.rp().activate(Router::slot), "starting the daemons");
  ISSU_TRY(router.wait_until_whole(patience), "after the restart");
  return to_ms(mono_now() - from);
}

}  // namespace issu::bench
