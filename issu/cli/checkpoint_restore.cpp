#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backends/npu/soft/control_client.hpp"
#include "backends/npu/soft/npud_files.hpp"
#include "checkpoint/archive/machine.hpp"
#include "checkpoint/archive/pack.hpp"
#include "checkpoint/archive/unpack.hpp"
#include "checkpoint/criu.hpp"
#include "issu/base/capabilities.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "issu/base/reasons.hpp"
#include "issu/cli/checkpoint.hpp"
#include "issu/cli/checkpoint_back.hpp"
#include "issu/cli/checkpoint_chassis.hpp"
#include "issu/cli/checkpoint_words.hpp"
#include "issu/cli/parts.hpp"
#include "issu/image/bundle.hpp"
#include "issu/image_fit.hpp"
#include "issu/state_trip.hpp"

namespace issu::cli {
namespace {

namespace fs = std::filesystem;
using backends::Slot;
using nlohmann::ordered_json;

struct Options : Common {
  std::string archive;
  std::string image;
  KeyWords key;
  bool force = false;
  bool replace = false;
  bool with_config = false;
  bool allow_below_minimum = false;
};

/// Where it goes on, and from which payload.
struct Target {
  Slot slot = Slot::a;
  bool bring_image = false;   ///< its payload comes from --image
  bool make_chassis = false;  ///< the router is down
};

bool runs(const Router& router, Slot slot) {
  const auto status = router.rp->status(slot);
  return status && status->power == backends::SlotPower::active;
}

/// The slot that holds the payload of the saved daemons, or the empty one that --image fills.
Result<Target> find_target(const Options& options, const Router& router,
                           const archive::ImageIdentity& wanted) {
  auto active = router.store.active();
  if (!active) {
    return fail(std::move(active).error());
  }
  const Slot first = *active ? (*active)->slot : Slot::a;
  std::optional<Slot> empty;
  for (const Slot slot : {first, backends::other(first)}) {
    auto image = router.store.image(slot);
    if (!image) {
      return fail(std::move(image).error());
    }
    if (*image && (*image)->sha256 == wanted.sha256) {
      return Target{slot, false};
    }
    if (!*image && !empty) {
      empty = slot;
    }
  }
  if (options.image.empty()) {
    return fail("no slot holds the image that the saved daemons run from: " + wanted.version +
                    " for " + wanted.compatible + ", sha256 " + wanted.sha256,
                "name its bundle with --image FILE", ErrorKind::refused);
  }
  auto bundle = image::open_bundle(options.image, router.config.keyring);
  if (!bundle) {
    return fail(std::move(bundle).error().as(ErrorKind::refused));
  }
  if (bundle->payload_sha256() != wanted.sha256) {
    return fail(options.image +
                    " is another image than the one that the saved daemons run from: "
                    "its payload has sha256 " +
                    bundle->payload_sha256() + ", wanted is " + wanted.sha256,
                "name the bundle of version " + wanted.version, ErrorKind::refused);
  }
  if (!empty) {
    return fail("both slots hold other images",
                "take the router down with --purge, or restore "
                "where a slot is empty",
                ErrorKind::refused);
  }
  return Target{*empty, true};
}

/// Everything that keeps this archive from going on on this router and machine, all at once.
Result<Target> check(const Options& options, const Router& router,
                     const archive::Manifest& manifest) {
  Reasons reasons;
  const auto& spec = router.config.router;
  if (manifest.router != spec.name && !options.force) {
    reasons.add("it is of the router " + manifest.router + ", this is " + spec.name,
                "restore it there, or here with --force if this router is described as that one");
  }
  if (manifest.suite != spec.suite) {
    reasons.add("its daemons are of " + manifest.suite + ", this router's of " + spec.suite,
                "restore it on a router of the same description");
  }
  if (manifest.npu_driver != spec.npu.driver) {
    reasons.add("its router had the NPU driver " + manifest.npu_driver + ", this one has " +
                    spec.npu.driver,
                "restore it on a router of the same description");
  }
  if (manifest.image.compatible != router.config.compatible) {
    reasons.add("its image is for " + manifest.image.compatible + ", this router takes " +
                    router.config.compatible,
                "restore it on a router of the same description");
  }
  if (const auto below = below_minimum(router.config, image::Kind::rootfs, manifest.image.version,
                                       "what its daemons run from");
      below && !options.allow_below_minimum) {
    reasons.add(*below, "--allow-below-minimum restores it all the same");
  }
  const auto criu = checkpoint::locate_criu();
  reasons.add_if(criu ? checkpoint::criu_self_test(*criu) : Result<void>(fail(criu.error())));
  const auto here = archive::this_machine(criu ? criu->version : manifest.machine.criu);
  if (auto can =
          here ? archive::can_go_on(manifest.machine, *here) : Result<void>(fail(here.error()));
      !can) {
    reasons.add(std::move(can).error());
  }
  auto target = find_target(options, router, manifest.image);
  if (!target) {
    reasons.add(target.error());
  }
  if (!options.replace && (runs(router, Slot::a) || runs(router, Slot::b))) {
    reasons.add("daemons run on this router: they would be ended",
                "say so with --replace, or take the router down first");
  }
  const bool down = !NetNs::exists(spec.netns);
  if (down) {
    if (auto can = router.npu->check(); !can) {
      reasons.add(std::move(can).error());
    }
  } else if (auto chassis = look_at_chassis(spec.netns); !chassis) {
    reasons.add(std::move(chassis).error());
  } else if (auto fits = chassis_fits(manifest.chassis, *chassis); !fits) {
    reasons.add(std::move(fits).error());
  }
  if (reasons.any()) {
    return fail(std::move(reasons).result().error());
  }
  target->make_chassis = down;
  return target;
}

Result<void> bring_image(const Options& options, const Router& router, Slot slot) {
  auto bundle = image::open_bundle(options.image, router.config.keyring);
  if (!bundle) {
    return fail(std::move(bundle).error());
  }
  ISSU_TRY(make_dirs(router.store.slot_dir(slot)), "preparing the slot");
  ISSU_TRY(image::extract_payload(*bundle, router.store.payload(slot)), "preparing the slot");
  ISSU_TRY(router.store.keep_next(options.image), "keeping the bundle");
  const auto& manifest = bundle->manifest();
  return router.store.set_image(slot, {manifest.version, manifest.compatible, manifest.kind_text(),
                                       bundle->payload_sha256()});
}

/// Puts the daemons' configuration of the archive into the place of the router's.
Result<void> replace_config(const fs::path& from, const fs::path& folder) {
  ISSU_TRY(make_dirs(folder), "putting the configuration back");
  std::error_code error;
  for (const auto& each : fs::directory_iterator(folder, error)) {
    ISSU_TRY(remove_tree(each.path()), "putting the configuration back");
  }
  fs::copy(from, folder, fs::copy_options::recursive, error);
  if (error) {
    return fail("putting the configuration back into " + folder.string() + ": " + error.message());
  }
  return {};
}

Result<void> restore_npu(const Router& router, const fs::path& snapshot) {
  const auto files = backends::soft::NpudFiles::of(router.config.router);
  auto said = backends::soft::ControlClient(files.socket())
                  .ask({{"verb", "restore"}, {"file", snapshot.string()}});
  return said ? Result<void>{} : pass(std::move(said).error(), "restoring the NPU's tables");
}

Result<ordered_json> bring_back(const Options& options, const Router& router,
                                archive::Reader& reader, const archive::Index& index,
                                const Target& target) {
  if (target.bring_image) {
    ISSU_TRY(bring_image(options, router, target.slot), "bringing in its image");
  }
  ISSU_TRY(make_dirs(router.config.router.run_dir), "");
  const bool config_missing = [&] {
    std::error_code ignored;
    return fs::is_empty(router.config.router.config_dir, ignored);
  }();
  const bool configured = options.with_config || config_missing;
  Arrival arrival;
  arrival.into = target.slot;
  auto payload = router.store.verified(target.slot, {.version = index.manifest.image.version,
                                                     .compatible = {},
                                                     .kind = {},
                                                     .sha256 = index.manifest.image.sha256});
  if (!payload) {
    return fail(std::move(payload).error());
  }
  arrival.payload = *std::move(payload);
  arrival.bytes = index.bytes();
  arrival.fill = [&](const fs::path& folder) -> Result<void> {
    const fs::path all = folder.string() + ".all";
    ISSU_TRY(archive::unpack(reader, index, all), "");
    if (target.make_chassis) {
      ISSU_TRY(make_chassis(router, index.manifest.chassis, all / archive::kernel_part), "");
      if (auto tables = index.manifest.npu_snapshot ? restore_npu(router, all / archive::npu_part)
                                                    : Result<void>{};
          !tables) {
        (void)router.npu->down();
        return tables;
      }
    }
    if (configured) {
      ISSU_TRY(replace_config(all / archive::config_part, router.config.router.config_dir), "");
    }
    std::error_code error;
    fs::rename(all / archive::state_part, folder, error);
    if (error) {
      return fail("there is no state of daemons in the archive: " + error.message());
    }
    return remove_tree(all);
  };
  auto active = router.store.active();
  const std::uint64_t epoch = active && *active ? (*active)->epoch : 0;
  // The kernel goes on with the routes while the daemons learn them again. A router that was down
  // has no packets to lose, and the soft NPU no such table.
  std::optional<KeptRoutes> routes;
  if (!target.make_chassis && router.config.router.npu.driver == "kernel") {
    routes.emplace(router.config.router.netns);
    ISSU_TRY(routes->keep(), "keeping the kernel's routes");
  }
  auto restored = bring_state(*router.rp, arrival);
  // Also daemons that were started anew run there. One that failed before anything was ended has
  // left the active slot as it was.
  if (restored || runs(router, target.slot)) {
    ISSU_TRY(router.store.set_active({target.slot, epoch}), "");
  }
  if (!restored) {
    if (target.bring_image && !runs(router, target.slot)) {
      (void)router.rp->unstage(target.slot);
      (void)router.store.clear(target.slot);
      (void)router.store.drop_next();
    }
    return fail(std::move(restored).error());
  }
  if (target.bring_image) {
    // What `issu rollback` goes back to after the next upgrade.
    ISSU_TRY(router.store.promote_next(), "keeping the bundle");
  }
  const double back_s = wait_until_back(router, target.slot, index.manifest);
  if (routes) {
    ISSU_TRY(routes->lift(), "letting go of the kept routes");
  }
  return ordered_json{{"router", router.config.router.name},
                      {"slot", backends::name_of(target.slot)},
                      {"made", index.manifest.made},
                      {"version", index.manifest.image.version},
                      {"restore_ms", restored->restore_ms},
                      {"condition_ms", restored->condition_ms},
                      {"back_s", back_s < 0 ? ordered_json(nullptr) : ordered_json(back_s)},
                      {"config", configured ? "put back" : "as it is on this router"}};
}

Result<ordered_json> restore(const Options& options) {
  give_up_for_coordinator();
  auto router = open_router(options.file);
  if (!router) {
    return fail(std::move(router).error());
  }
  auto opened = archive::SignedArchive::open(archive_file(options.archive, router->config.archive),
                                             router->config.keyring);
  if (!opened) {
    return fail(std::move(opened).error());
  }
  auto key = read_key(options.key, router->config.archive, false);
  if (!key) {
    return fail(std::move(key).error());
  }
  if (!*key) {
    return fail("the archive can't be opened without its key",
                "--key-file FILE or --passphrase, or [archive] key_file in " + options.file,
                ErrorKind::usage);
  }
  auto reader = archive::Reader::unlock(*opened, **key);
  if (!reader) {
    return fail(std::move(reader).error());
  }
  auto index = archive::read_index(*reader, opened->name());
  if (!index) {
    return fail(std::move(index).error());
  }
  auto lock = router->store.lock();
  if (!lock) {
    return fail(std::move(lock).error());
  }
  ISSU_TRY(no_open_upgrade(*router), "");
  auto target = check(options, *router, index->manifest);
  if (!target) {
    return pass(std::move(target).error().as(ErrorKind::refused),
                opened->name() + " is not restored");
  }
  return bring_back(options, *router, *reader, *index, *target);
}

std::string result_text(const ordered_json& json) {
  return fmt::format(
      "{} goes on in slot {} with {} as it was at {}: restored in {:.0f} ms, conditions {:.0f} ms\n"
      "{}; its configuration: {}\n",
      json["router"].get<std::string>(), json["slot"].get<std::string>(),
      json["version"].get<std::string>(), json["made"].get<std::string>(),
      json["restore_ms"].get<double>(), json["condition_ms"].get<double>(),
      json["back_s"].is_null()
          ? std::string("its sessions are not all back: `issu router show` has them")
          : fmt::format("its sessions are back after {:.1f} s", json["back_s"].get<double>()),
      json["config"].get<std::string>());
}

}  // namespace

void add_checkpoint_restore(CLI::App& parent, Exit& exit) {
  auto options = std::make_shared<Options>();
  CLI::App* command = parent.add_subcommand(
      "restore", "Let the daemons of an archive go on; their sessions begin again");
  command->add_option("archive", options->archive, "The archive: a file, or a name")->required();
  add_common(*command, *options);
  add_key_words(*command, options->key);
  command->add_option("--image", options->image,
                      "The bundle of the image that they run from, when no slot holds it");
  command->add_flag("--replace", options->replace, "End the daemons that run on the router now");
  command->add_flag("--force", options->force, "Also when the archive is of another router");
  command->add_flag("--allow-below-minimum", options->allow_below_minimum,
                    "Also when its image is older than the minimum of router.toml");
  command->add_flag("--with-config", options->with_config,
                    "Put the configuration of the archive into the router's folder, too");
  add_example(
      *command,
      "issu checkpoint restore before-night -f router.toml --key-file archive.key --replace");
  command->callback([options, &exit] {
    const auto restored = restore(*options);
    if (!restored) {
      exit.code = say_error(restored.error(), options->json);
      return;
    }
    fmt::print("{}{}", options->json ? restored->dump(2) : result_text(*restored),
               options->json ? "\n" : "");
  });
}

}  // namespace issu::cli
