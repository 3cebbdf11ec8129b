#include <algorithm>

#include "issu/base/child.hpp"
#include "issu/drill/runner.hpp"

namespace issu::drill {

Result<void> Runner::reset_peer(const ResetStep& step) {
  const auto peer = std::find_if(stage_->peers.begin(), stage_->peers.end(),
                                 [&](const auto& each) { return each.spec.name == step.peer; });
  if (peer == stage_->peers.end() || peer->spec.daemon != "bird") {
    return fail("the lab has no BIRD peer " + step.peer, "name one with daemon = \"bird\"");
  }
  auto said =
      run_checked({"birdc", "-s", (peer->dir / "bird.ctl").string(), "restart", "\"router*\""});
  return said ? Result<void>() : pass(std::move(said).error(), "resetting the peer " + step.peer);
}

}  // namespace issu::drill
