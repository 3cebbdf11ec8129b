#include "issu/steps/steps.hpp"
#include "issu/steps/way_back.hpp"

namespace issu::steps {

Result<nlohmann::json> commit(Context& context) {
  // The point of no return is this one write; everything behind it is housekeeping.
  context.store.free_reserve();
  ISSU_TRY(context.store.set_active({context.to, context.epoch_back()}),
           "making the new side active");
  ISSU_TRY(context.store.promote_next(), "keeping the bundles");
  ISSU_TRY(context.rp.power_off(context.from), "stopping the old side");
  ISSU_TRY(context.rp.unstage(context.from), "freeing the old slot");
  ISSU_TRY(context.store.clear(context.from), "freeing the old slot");
  auto state = context.npu.release();
  if (!state) {
    return pass(std::move(state).error(), "ending the watch over the NPU's tables");
  }
  ISSU_TRY(has_to_run(context, context.to), "the new side");
  return nlohmann::json{{"deleted", state->deleted}, {"complete", state->complete}};
}

}  // namespace issu::steps
