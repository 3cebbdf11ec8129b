#include "issu/cli/checkpoint_back.hpp"

#include <algorithm>

#include "issu/base/clock.hpp"
#include "state-sync/kernel_shadow.hpp"

namespace issu::cli {
namespace {

bool are_back(const Router& router, backends::Slot slot, const archive::Manifest& manifest) {
  const auto view = router.rp->control_plane(slot);
  if (!view || !view->answering || view->output_queued) {
    return false;
  }
  const auto ready =
      std::count_if(view->sessions.begin(), view->sessions.end(),
                    [](const auto& each) { return each.established && each.end_of_rib; });
  return static_cast<std::uint64_t>(ready) >= manifest.established.value_or(0);
}

std::chrono::nanoseconds seconds(double time) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(time * 1e9));
}

}  // namespace

KeptRoutes::~KeptRoutes() {
  if (kept_) {
    (void)state_sync::lift_shadow(netns_);
  }
}

Result<void> KeptRoutes::keep() {
  kept_ = true;
  return state_sync::cast_shadow(netns_);
}

Result<void> KeptRoutes::lift() {
  kept_ = false;
  return state_sync::lift_shadow(netns_);
}

double wait_until_back(const Router& router, backends::Slot slot,
                       const archive::Manifest& manifest) {
  const auto& timers = router.config.timers;
  const MonoNs began = mono_now();
  MonoNs since = 0;
  const auto settled = [&] {
    if (!are_back(router, slot, manifest)) {
      since = 0;
      return false;
    }
    since = since == 0 ? mono_now() : since;
    return mono_now() - since >= seconds(timers.quiet_s).count();
  };
  const bool back =
      wait_until(settled, Deadline::in(seconds(timers.converge_s)), std::chrono::milliseconds(200));
  return back ? to_s(since - began) : -1;
}

}  // namespace issu::cli
