#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "issu/base/file.hpp"
#include "issu/cli/command.hpp"
#include "issu/cli/parts.hpp"
#include "issu/image/bundle.hpp"
#include "issu/image_fit.hpp"

namespace issu::cli {
namespace {

struct Options : Common {
  std::string image;
  bool purge = false;
  bool allow_below_minimum = false;
};

/// Brings the first image into slot a: the same verification as an upgrade's.
Result<void> first_image(const Router& router, const Options& options) {
  const std::string& image = options.image;
  auto bundle = image::open_bundle(image, router.config.keyring);
  if (!bundle) {
    return fail(std::move(bundle).error().as(ErrorKind::refused));
  }
  if (auto compatible = image::check_compatible(*bundle, {router.config.compatible, ""});
      !compatible) {
    return fail(std::move(compatible).error().as(ErrorKind::refused));
  }
  ISSU_TRY(check_first(*router.rp, bundle->manifest(), image), "looking at the image");
  ISSU_TRY(check_minimum(router.config, bundle->manifest(), image, options.allow_below_minimum),
           "looking at the image");
  const auto slot = backends::Slot::a;
  ISSU_TRY(make_dirs(router.store.slot_dir(slot)), "preparing slot a");
  ISSU_TRY(image::extract_payload(*bundle, router.store.payload(slot)), "preparing slot a");
  const auto& manifest = bundle->manifest();
  ISSU_TRY(router.store.set_image(slot, {manifest.version, manifest.compatible,
                                         manifest.kind_text(), bundle->payload_sha256()}),
           "preparing slot a");
  ISSU_TRY(router.store.keep_next(image), "keeping the bundle");
  ISSU_TRY(router.store.promote_next(), "keeping the bundle");
  return router.store.set_active({slot, 0});
}

Result<void> bring_up(const Router& router, const Options& options) {
  auto lock = router.store.lock();
  if (!lock) {
    return fail(std::move(lock).error());
  }
  ISSU_TRY(no_open_upgrade(router), "");
  auto active = router.store.active();
  if (!active) {
    return fail(std::move(active).error());
  }
  auto checked = router.rp->check();
  if (auto npu = router.npu->check(); !npu) {
    if (checked) {
      checked = fail(std::move(npu).error());
    } else {
      checked.error().also(std::move(npu).error());
    }
  }
  if (!checked) {
    return fail(std::move(checked).error().as(ErrorKind::refused));
  }
  if (!*active) {
    if (options.image.empty()) {
      return fail("the router " + router.config.router.name + " has no image yet",
                  "issu router up -f " + options.file + " --image FILE", ErrorKind::refused);
    }
    ISSU_TRY(first_image(router, options), "bringing in the first image");
    active = router.store.active();
  } else if (!options.image.empty()) {
    return fail("the router has an image already",
                "change it with `issu upgrade --image " + options.image + "`", ErrorKind::refused);
  }
  const auto slot = (*active)->slot;
  auto image = router.store.image(slot);
  if (!image || !*image) {
    return fail("slot " + std::string(backends::name_of(slot)) + " holds no image",
                "take the router down with --purge and up with --image", ErrorKind::needs_person);
  }
  ISSU_TRY(make_dirs(router.config.router.run_dir), "bringing the router up");
  ISSU_TRY(router.npu->up(), "bringing the chassis up");
  const auto payload = router.store.verified(slot, **image);
  if (!payload) {
    return fail(payload.error());
  }
  ISSU_TRY(router.rp->stage(slot, *payload), "mounting the image");
  ISSU_TRY(router.rp->boot(slot), "booting the active slot");
  ISSU_TRY(router.npu->punt_to((*active)->epoch, slot), "connecting the ports");
  return router.rp->activate(slot);
}

Result<void> take_down(const Router& router, const Options& options) {
  auto lock = router.store.lock();
  if (!lock) {
    return fail(std::move(lock).error());
  }
  if (!options.purge) {
    ISSU_TRY(no_open_upgrade(router), "");
  }
  for (const auto slot : {backends::Slot::a, backends::Slot::b}) {
    ISSU_TRY(router.rp->power_off(slot), "stopping");
    ISSU_TRY(router.rp->unstage(slot), "unmounting");
  }
  ISSU_TRY(router.npu->down(), "taking the chassis away");
  ISSU_TRY(remove_tree(router.config.router.run_dir), "cleaning up");
  if (options.purge) {
    return remove_tree(router.config.router.state_dir);
  }
  return {};
}

const char* power_text(backends::SlotPower power) {
  switch (power) {
    case backends::SlotPower::empty:
      return "empty";
    case backends::SlotPower::staged:
      return "staged";
    case backends::SlotPower::booted:
      return "booted";
    case backends::SlotPower::warm:
      return "warm";
    case backends::SlotPower::active:
      break;
  }
  return "active";
}

Result<nlohmann::ordered_json> slot_json(const Router& router, backends::Slot slot) {
  auto status = router.rp->status(slot);
  if (!status) {
    return fail(std::move(status).error());
  }
  nlohmann::ordered_json json{{"slot", backends::name_of(slot)},
                              {"power", power_text(status->power)},
                              {"paused", status->paused}};
  if (auto image = router.store.image(slot); image && *image) {
    json["version"] = (*image)->version;
  }
  if (!status->kernel.empty()) {
    json["kernel"] = status->kernel;
  }
  json["daemons"] = nlohmann::ordered_json::array();
  for (const auto& daemon : status->daemons) {
    json["daemons"].push_back({{"name", daemon.name},
                               {"pid", daemon.pid},
                               {"running", daemon.running},
                               {"exits", daemon.exits}});
  }
  json["silent"] = nlohmann::ordered_json::array();
  json["sessions"] = nlohmann::ordered_json::array();
  json["adjacencies"] = nlohmann::ordered_json::array();
  if (status->power >= backends::SlotPower::warm && !status->paused) {
    if (auto view = router.rp->control_plane(slot); view) {
      json["silent"] = view->silent;
      for (const auto& session : view->sessions) {
        json["sessions"].push_back({{"peer", session.peer},
                                    {"state", session.state},
                                    {"established", session.established},
                                    {"graceful_restart", session.graceful_restart},
                                    {"prefixes", session.prefixes}});
      }
      for (const auto& adjacency : view->adjacencies) {
        json["adjacencies"].push_back({{"protocol", adjacency.protocol},
                                       {"peer", adjacency.peer},
                                       {"interface", adjacency.interface},
                                       {"state", adjacency.state},
                                       {"up", adjacency.up},
                                       {"interval_s", adjacency.interval_s},
                                       {"detects_s", adjacency.detects_s}});
      }
    }
  }
  return json;
}

/// What is wrong with the whole of it; null: nothing that shows here. While an upgrade is open it
/// is the upgrade's to say.
nlohmann::ordered_json trouble_of(const Router& router, const nlohmann::ordered_json& json) {
  if (json["active"].is_null() || !no_open_upgrade(router)) {
    return nullptr;
  }
  for (const auto& slot : json["slots"]) {
    if (slot["slot"] == json["active"] && slot["power"] != "active") {
      return fmt::format(
          "the daemons of slot {}, the active one, do not run; {}", slot["slot"].get<std::string>(),
          json["routes"].is_null()
              ? "there is no NPU either"
              : "the NPU goes on with the routes that it holds, and learns nothing new");
    }
  }
  return nullptr;
}

Result<nlohmann::ordered_json> describe(const Router& router) {
  nlohmann::ordered_json json{{"router", router.config.router.name},
                              {"backend", router.rp->backend()},
                              {"npu", router.npu->driver()}};
  auto active = router.store.active();
  if (!active) {
    return fail(std::move(active).error());
  }
  json["active"] = *active ? nlohmann::ordered_json(backends::name_of((*active)->slot))
                           : nlohmann::ordered_json(nullptr);
  if (auto size = router.npu->size(); size) {
    json["routes"] = {{"ipv4", size->ipv4}, {"ipv6", size->ipv6}};
  } else {
    json["routes"] = nullptr;
  }
  json["slots"] = nlohmann::ordered_json::array();
  for (const auto slot : {backends::Slot::a, backends::Slot::b}) {
    auto each = slot_json(router, slot);
    if (!each) {
      return fail(std::move(each).error());
    }
    json["slots"].push_back(std::move(*each));
  }
  json["trouble"] = trouble_of(router, json);
  return json;
}

void print_description(const nlohmann::ordered_json& json) {
  fmt::print("router {} (backend {}, NPU {}), active slot {}\n", json["router"].get<std::string>(),
             json["backend"].get<std::string>(), json["npu"].get<std::string>(),
             json["active"].is_null() ? "none" : json["active"].get<std::string>());
  if (!json["routes"].is_null()) {
    fmt::print("routes in the NPU: {} IPv4, {} IPv6\n", json["routes"]["ipv4"].get<std::uint64_t>(),
               json["routes"]["ipv6"].get<std::uint64_t>());
  }
  for (const auto& slot : json["slots"]) {
    fmt::print("slot {}: {}{} {}\n", slot["slot"].get<std::string>(),
               slot["power"].get<std::string>(), slot["paused"].get<bool>() ? ", paused" : "",
               slot.value("version", ""));
    for (const auto& daemon : slot["daemons"]) {
      const auto& silent = slot["silent"];
      const bool answers = std::find(silent.begin(), silent.end(), daemon["name"]) == silent.end();
      fmt::print("  {:<10} {} pid {}, ended {} times{}\n", daemon["name"].get<std::string>(),
                 daemon["running"].get<bool>() ? "runs" : "down", daemon["pid"].get<int>(),
                 daemon["exits"].get<int>(), answers ? "" : ", does not answer");
    }
    for (const auto& session : slot["sessions"]) {
      fmt::print("  peer {:<24} {}, {} prefixes{}\n", session["peer"].get<std::string>(),
                 session["state"].get<std::string>(), session["prefixes"].get<std::uint64_t>(),
                 session["graceful_restart"].get<bool>() ? ", graceful restart" : "");
    }
    for (const auto& adjacency : slot["adjacencies"]) {
      fmt::print("  {:<4} {:<24} {}, given up after {:g} s of silence\n",
                 adjacency["protocol"].get<std::string>(), adjacency["peer"].get<std::string>(),
                 adjacency["state"].get<std::string>(), adjacency["detects_s"].get<double>());
    }
  }
}

Result<void> show(const Router& router, const Options& options) {
  auto json = describe(router);
  if (!json) {
    return fail(std::move(json).error());
  }
  if (options.json) {
    fmt::print("{}\n", json->dump(2));
  } else {
    print_description(*json);
    if (const auto& trouble = (*json)["trouble"]; trouble.is_string()) {
      fmt::print("{}\n    -> issu router up -f {}\n", trouble.get<std::string>(), options.file);
    }
  }
  return {};
}

using Verb = Result<void> (*)(const Router&, const Options&);

void add_verb(CLI::App& command, Exit& exit, const char* name, const char* what,
              const char* example, Verb verb) {
  auto options = std::make_shared<Options>();
  CLI::App* sub = command.add_subcommand(name, what);
  add_common(*sub, *options);
  add_example(*sub, example);
  if (std::string(name) == "up") {
    sub->add_option("--image", options->image, "The first image (a bundle), for a new router");
    sub->add_flag("--allow-below-minimum", options->allow_below_minimum,
                  "Also one that is older than the minimum of router.toml");
  }
  if (std::string(name) == "down") {
    sub->add_flag("--purge", options->purge, "Remove images, history and state as well");
  }
  const auto purpose =
      std::string(name) == "down" ? config::Purpose::take_down : config::Purpose::run;
  sub->callback([options, verb, purpose, &exit] {
    auto router = open_router(options->file, purpose);
    auto result = router ? verb(*router, *options)
                         : Result<void>(tl::unexpected<Error>(std::move(router).error()));
    exit.code = result ? 0 : say_error(result.error(), options->json);
  });
}

}  // namespace

void add_router_command(CLI::App& app, Exit& exit) {
  CLI::App* command = app.add_subcommand("router", "Bring a router up or down, or look at it");
  command->require_subcommand(1);
  add_verb(*command, exit, "up", "Create chassis and ports, start the active slot",
           "issu router up -f router.toml --image frr-8.4.4.raucb", bring_up);
  add_verb(*command, exit, "down", "Stop everything; images and history stay",
           "issu router down -f router.toml", take_down);
  add_verb(*command, exit, "show", "Slots, daemons, sessions and routes",
           "issu router show -f router.toml --json", show);
}

}  // namespace issu::cli
