#include "issu/configuration.hpp"
#include "issu/converge.hpp"
#include "issu/steps/steps.hpp"

namespace issu::steps {

Result<nlohmann::json> checkpoint(Context& context) {
  auto view = context.rp.control_plane(context.from);
  if (!view) {
    return pass(std::move(view).error(), "recording the control plane");
  }
  if (!view->answering) {
    // Without its sessions the new side would be compared with nothing.
    return fail(silent_daemons(*view), "what the way back has to reach can't be recorded");
  }
  auto size = context.npu.size();
  if (!size) {
    return pass(std::move(size).error(), "recording the NPU's tables");
  }
  Baseline baseline;
  for (const auto& session : view->sessions) {
    if (session.established) {
      baseline.peers.push_back(session.peer);
    }
  }
  baseline.routes = size->total();
  ISSU_TRY(note_configuration(context), "recording the configuration");
  return to_json(baseline);
}

Result<nlohmann::json> presync(Context& context) {
  ISSU_TRY(context.npu.watch(), "watching the NPU's tables");
  return nlohmann::json::object();
}

Result<nlohmann::json> undo_presync(Context& context) {
  if (auto state = context.npu.release(); !state) {
    return pass(std::move(state).error(), "ending the watch over the NPU's tables");
  }
  return nlohmann::json::object();
}

}  // namespace issu::steps
