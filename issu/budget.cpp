#include "issu/budget.hpp"

#include <fmt/format.h>

namespace issu {

Result<void> within_loss_budget(const LiveView& live, const config::Budgets& budgets) {
  if (live.lost <= budgets.lost_packets) {
    return {};
  }
  return fail(fmt::format("{} packets lost, {} are allowed (budget.lost_packets)", live.lost,
                          budgets.lost_packets));
}

Result<void> within_dark_budget(const LiveView& live, const config::Budgets& budgets) {
  if (live.dark_ms <= budgets.control_plane_dark_ms) {
    return {};
  }
  return fail(
      fmt::format("a session was down for {:.0f} ms at its peer, {:.0f} ms are allowed "
                  "(budget.control_plane_dark_ms)",
                  live.dark_ms, budgets.control_plane_dark_ms));
}

Error with_state_of(backends::Npu& npu, Error loss) {
  if (auto size = npu.size(); !size) {
    loss.also(std::move(size).error().within("the NPU does not answer"));
  }
  return loss;
}

}  // namespace issu
