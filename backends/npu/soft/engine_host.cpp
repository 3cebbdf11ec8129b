#include "backends/npu/soft/engine_host.hpp"

namespace issu::backends::soft {

Result<std::unique_ptr<EngineHost>> EngineHost::start(const Settings& settings,
                                                      tables::Segment& /*segment*/,
                                                      Handover* /*heritage*/) {
  return fail("there is no engine " + settings.npu.engine);
}

}  // namespace issu::backends::soft
