#include "issu/base/file.hpp"
#include "issu/debit.hpp"
#include "issu/image/bundle.hpp"
#include "issu/image_fit.hpp"
#include "issu/predict.hpp"
#include "issu/steps/preflight_parts.hpp"
#include "issu/steps/steps.hpp"

namespace issu::steps {
namespace {

/// A file that is gone when the check that made it is over.
class Scratch {
 public:
  explicit Scratch(std::filesystem::path path) : path_(std::move(path)) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The running daemons can go on over the image's programs. One with the payload that runs already
/// needs no look.
Result<void> same_programs(const Context& context) {
  auto bundle = image::open_bundle(context.options.image, context.config.keyring);
  if (!bundle || !check_kind(context.rp, bundle->manifest(), "")) {
    return {};  // told by the check of the image
  }
  auto running = context.store.image(context.from);
  if (running && *running && (*running)->sha256 == bundle->payload_sha256()) {
    return {};
  }
  const Scratch payload(context.config.router.state_dir / "preflight.squashfs");
  ISSU_TRY(image::extract_payload(*bundle, payload.path()), "looking into the image");
  return context.rp.check_same(context.from, payload.path());
}

}  // namespace

Result<nlohmann::json> preflight_carry(Context& context) {
  Reasons reasons;
  nlohmann::json facts = check_everything(context, Neighbours::see_nothing, reasons);
  auto estimate = context.rp.check_save(context.from);
  if (!estimate) {
    reasons.add(std::move(estimate).error());
  } else {
    reasons.add_if(same_programs(context));
    auto history = read_history(context.store.history());
    const double predicted = predicted_freeze_ms(history ? *history : History(), estimate->bytes);
    facts["predicted_ms"] = predicted;
    facts["memory"] = estimate->bytes;
    if (auto view = context.rp.control_plane(context.from); view) {
      reasons.add_if(fits_timers(predicted, *view));
    }
  }
  check_sla(context, facts, reasons);
  if (auto good = std::move(reasons).result(); !good) {
    return fail(std::move(good).error().as(ErrorKind::refused));
  }
  return facts;
}

}  // namespace issu::steps
