#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "issu/base/netns.hpp"
#include "issu/converge.hpp"
#include "issu/debit.hpp"
#include "issu/image/bundle.hpp"
#include "issu/image_fit.hpp"
#include "issu/steps/preflight_parts.hpp"
#include "issu/steps/steps.hpp"

namespace issu::steps {
namespace {

void check_router(Context& context, Neighbours neighbours, Reasons& reasons) {
  const std::string file = context.config.file.string();
  auto status = context.rp.status(context.from);
  if (!status) {
    reasons.add(std::move(status).error().within("looking at the active slot"));
    return;
  }
  if (status->power != backends::SlotPower::active) {
    reasons.add(
        Error("the router " + context.config.router.name + " is not up: the daemons of slot " +
                  std::string(backends::name_of(context.from)) + ", the active one, do not run",
              "issu router up -f " + file));
    return;
  }
  auto view = context.rp.control_plane(context.from);
  if (!view) {
    reasons.add(std::move(view).error().within("asking the daemons of the active slot"));
    return;
  }
  if (!view->answering) {
    reasons.add(Error("the active slot runs, and " + silent_daemons(*view),
                      "nothing was touched; repair the router first: `issu router show -f " + file +
                          "` has the processes"));
  }
  for (const auto& session : view->sessions) {
    if (neighbours == Neighbours::keep_routes && session.established && !session.graceful_restart) {
      reasons.add(Error("the session with " + session.peer +
                            " has no graceful restart: the peer would withdraw our routes",
                        "configure graceful restart on both ends of it"));
    }
  }
}

void check_measurement(const Context& context, Reasons& reasons) {
  for (const auto& stream : context.config.measure.streams) {
    for (const std::string& netns : {stream.from_netns, stream.to_netns}) {
      if (!NetNs::exists(netns)) {
        reasons.add(Error("the probe stream " + stream.name + " needs the network namespace " +
                              netns + ", which is not there",
                          "create it, or take the stream out of " + context.config.file.string()));
      }
    }
  }
  if (context.options.auto_accept && !context.instrument.has_streams()) {
    reasons.add(
        Error("--auto-accept decides by the measured loss, and no probe stream is configured",
              "add a [[probe]] to " + context.config.file.string() +
                  ", or accept by hand with `issu accept`"));
  }
}

/// Of what the image replaces: the routing software, or the kernel that the slot runs on.
std::string running_version(Context& context, image::Kind kind) {
  if (kind == image::Kind::kernel && kernel_goes_beside(context.rp)) {
    auto status = context.rp.status(context.from);
    return status ? status->kernel : "";
  }
  auto running = context.store.image(context.from);
  return running && *running ? (*running)->version : "";
}

void check_image(Context& context, Reasons& reasons, nlohmann::json& facts) {
  auto bundle = image::open_bundle(context.options.image, context.config.keyring);
  if (!bundle) {
    reasons.add(std::move(bundle).error());
    return;
  }
  reasons.add_if(check_kind(context.rp, bundle->manifest(), context.options.image.string()));
  const std::string version = running_version(context, bundle->manifest().kind);
  reasons.add_if(image::check_compatible(
      *bundle, {.compatible = context.config.compatible, .running_version = version}));
  std::error_code error;
  const auto space = std::filesystem::space(context.config.router.state_dir, error);
  const std::uint64_t needed = bundle->payload_size() + bundle->file_size();
  if (!error && space.available < needed) {
    reasons.add(Error(fmt::format("the image needs {} MiB and {} has {} MiB free", needed >> 20U,
                                  context.config.router.state_dir.string(), space.available >> 20U),
                      "make room there"));
  }
  facts = {{"from", version},
           {"to", bundle->manifest().version},
           {"kind", bundle->manifest().kind_text()}};
  const std::string name = context.options.image.string();
  reasons.add_if(
      check_minimum(context.config, bundle->manifest(), name, context.options.allow_below_minimum));
  if (const auto below = below_minimum(context.config, bundle->manifest().kind,
                                       bundle->manifest().version, name)) {
    facts["below_minimum"] = *below;
  }
}

}  // namespace

nlohmann::json check_everything(Context& context, Neighbours neighbours, Reasons& reasons) {
  nlohmann::json facts = nlohmann::json::object();
  check_image(context, reasons, facts);
  reasons.add_if(context.rp.check());
  reasons.add_if(context.npu.check());
  check_router(context, neighbours, reasons);
  check_measurement(context, reasons);
  return facts;
}

Result<nlohmann::json> preflight(Context& context) {
  Reasons reasons;
  nlohmann::json facts = check_everything(context, Neighbours::keep_routes, reasons);
  check_sla(context, facts, reasons);
  if (auto good = std::move(reasons).result(); !good) {
    return fail(std::move(good).error().as(ErrorKind::refused));
  }
  return facts;
}

Result<nlohmann::json> nothing(Context& /*context*/) {
  return nlohmann::json::object();
}

}  // namespace issu::steps
