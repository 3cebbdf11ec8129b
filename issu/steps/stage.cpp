#include "issu/base/file.hpp"
#include "issu/image/bundle.hpp"
#include "issu/image_fit.hpp"
#include "issu/steps/steps.hpp"
#include "issu/steps/way_back.hpp"

namespace issu::steps {
namespace {

/// The payload of a whole image, or a kernel beside the payload that runs; what then lies there.
Result<SlotImage> bring_in(const Context& context, const image::VerifiedBundle& bundle) {
  const auto& manifest = bundle.manifest();
  auto running = context.store.image(context.from);
  if (!running) {
    return fail(std::move(running).error());
  }
  SlotImage image{manifest.version, manifest.compatible, manifest.kind_text(),
                  bundle.payload_sha256()};
  if (manifest.kind == image::Kind::kernel && kernel_goes_beside(context.rp)) {
    if (!*running) {
      return fail("nothing lies in the slot that runs, a kernel has nothing to go beside");
    }
    image = **running;
    image.kernel = manifest.version;
    image.kernel_sha256 = bundle.payload_sha256();
    ISSU_TRY(context.store.share_payload(context.from, context.to), "keeping the payload");
    ISSU_TRY(image::extract_payload(bundle, context.store.kernel(context.to)), "");
  } else {
    ISSU_TRY(image::extract_payload(bundle, context.store.payload(context.to)), "");
  }
  image.before_sha256 = *running ? (*running)->sha256 : "";
  return image;
}

/// A slot that was given a kernel runs on that one, or nothing was replaced.
Result<std::string> booted_kernel(Context& context) {
  auto image = context.store.image(context.to);
  if (!image || !*image) {
    return fail("the other slot is not described");
  }
  auto status = context.rp.status(context.to);
  if (!status) {
    return fail(std::move(status).error());
  }
  if (!(*image)->kernel.empty() && status->kernel != (*image)->kernel) {
    return fail("slot " + std::string(backends::name_of(context.to)) + " runs on the kernel " +
                    (status->kernel.empty() ? "of which it says nothing" : status->kernel) +
                    ", the image says " + (*image)->kernel,
                "build the image again; its version is what `uname -r` says");
  }
  return status->kernel;
}

}  // namespace

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
  auto image = bring_in(context, *bundle);
  if (!image) {
    return pass(std::move(image).error(), "bringing the image into the other slot");
  }
  ISSU_TRY(context.store.set_image(context.to, *image), "describing the other slot");
  const auto payload = context.store.verified(context.to, *image);
  if (!payload) {
    return fail(payload.error());
  }
  ISSU_TRY(context.rp.stage(context.to, *payload), "mounting the image");
  return nlohmann::json{{"bytes", bundle->payload_size()}};
}

Result<nlohmann::json> stage(Context& context) {
  auto facts = stage_mounted(context);
  if (facts) {
    ISSU_TRY(context.rp.boot(context.to), "booting the other slot with its daemons held");
    const auto kernel = booted_kernel(context);
    if (!kernel) {
      return fail(kernel.error());
    }
    if (!kernel->empty()) {
      (*facts)["kernel"] = *kernel;
    }
  }
  return facts;
}

Result<nlohmann::json> undo_stage(Context& context) {
  ISSU_TRY(has_to_run(context, context.from), "the old side");
  ISSU_TRY(context.rp.power_off(context.to), "stopping the other slot");
  ISSU_TRY(context.rp.unstage(context.to), "emptying the other slot");
  ISSU_TRY(context.store.clear(context.to), "emptying the other slot");
  ISSU_TRY(context.store.drop_next(), "forgetting the image");
  return nlohmann::json::object();
}

}  // namespace issu::steps
