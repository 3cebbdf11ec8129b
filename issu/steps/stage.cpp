#include "issu/base/file.hpp"
#include "issu/image/bundle.hpp"
#include "issu/steps/steps.hpp"

namespace issu::steps {

Result<nlohmann::json> stage_mounted(Context& context) {
  ISSU_TRY(context.instrument.start(), "starting the measurement");
  // The bundle is copied first and verified where it lies: what is started is what was verified.
  ISSU_TRY(context.store.keep_next(context.options.image), "keeping the image");
  auto bundle = image::open_bundle(context.store.next_bundle(), context.config.keyring);
  if (!bundle) {
    return fail(std::move(bundle).error());
  }
  ISSU_TRY(context.rp.power_off(context.to), "emptying the other slot");
  ISSU_TRY(context.rp.unstage(context.to), "emptying the other slot");
  ISSU_TRY(context.store.clear(context.to), "emptying the other slot");
  ISSU_TRY(make_dirs(context.store.slot_dir(context.to)), "preparing the other slot");
  const auto payload = context.store.payload(context.to);
  ISSU_TRY(image::extract_payload(*bundle, payload), "bringing the image into the other slot");
  const auto& manifest = bundle->manifest();
  ISSU_TRY(context.store.set_image(context.to, {manifest.version, manifest.compatible,
                                                manifest.kind_text(), bundle->payload_sha256()}),
           "describing the other slot");
  ISSU_TRY(context.rp.stage(context.to, {payload, manifest.version}), "mounting the image");
  return nlohmann::json{{"bytes", bundle->payload_size()}};
}

Result<nlohmann::json> stage(Context& context) {
  auto facts = stage_mounted(context);
  if (facts) {
    ISSU_TRY(context.rp.boot(context.to), "booting the other slot with its daemons held");
  }
  return facts;
}

Result<nlohmann::json> undo_stage(Context& context) {
  ISSU_TRY(context.rp.power_off(context.to), "stopping the other slot");
  ISSU_TRY(context.rp.unstage(context.to), "emptying the other slot");
  ISSU_TRY(context.store.clear(context.to), "emptying the other slot");
  ISSU_TRY(context.store.drop_next(), "forgetting the image");
  return nlohmann::json::object();
}

}  // namespace issu::steps
