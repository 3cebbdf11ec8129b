#include <fmt/format.h>
#include <signal.h>
#include <sys/statvfs.h>

#include <nlohmann/json.hpp>

#include "backends/npu/soft/control_client.hpp"
#include "backends/npu/soft/npud_files.hpp"
#include "checkpoint/archive/machine.hpp"
#include "checkpoint/archive/pack.hpp"
#include "checkpoint/conditioner/conditioner.hpp"
#include "checkpoint/criu.hpp"
#include "issu/base/capabilities.hpp"
#include "issu/base/file.hpp"
#include "issu/base/reasons.hpp"
#include "issu/cli/checkpoint.hpp"
#include "issu/cli/checkpoint_chassis.hpp"
#include "issu/cli/checkpoint_words.hpp"
#include "issu/cli/parts.hpp"
#include "issu/predict.hpp"
#include "issu/state_trip.hpp"

namespace issu::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

struct SaveOptions : Common {
  std::string name;
  std::string output;
  std::string certificate;
  std::string signing_key;
  KeyWords key;
  bool force = false;
};

/// A hurried operator does not end the program while the router is dark: what was asked for is
/// finished first. Programs that are started meanwhile are not affected.
class Unhurried {
 public:
  Unhurried() {
    struct sigaction nothing {};
    nothing.sa_handler = [](int) {};
    nothing.sa_flags = SA_RESTART;
    for (std::size_t i = 0; i < signals.size(); ++i) {
      ::sigaction(signals[i], &nothing, &before_[i]);
    }
  }
  Unhurried(const Unhurried&) = delete;
  Unhurried& operator=(const Unhurried&) = delete;
  ~Unhurried() {
    for (std::size_t i = 0; i < signals.size(); ++i) {
      ::sigaction(signals[i], &before_[i], nullptr);
    }
  }

 private:
  static constexpr std::array signals{SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, signals.size()> before_{};
};

/// A file that is gone at the end of its life.
class Scratch {
 public:
  explicit Scratch(fs::path path) : path_(std::move(path)) { remove(); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { remove(); }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  void remove() const {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  fs::path path_;
};

/// Everything that was found out before anything is touched.
struct Prepared {
  fs::path file;
  archive::SignedBy signer;
  backends::Slot slot = backends::Slot::a;
  SlotImage image;
  archive::Manifest manifest;
};

Result<void> room_for(const fs::path& file, std::uint64_t bytes) {
  struct statvfs status {};
  if (::statvfs(file.parent_path().c_str(), &status) != 0) {
    return fail_errno("looking at the disk of " + file.string(), "name a folder that is there");
  }
  const std::uint64_t free = std::uint64_t{status.f_bavail} * status.f_frsize;
  if (free < bytes + bytes / 8) {
    return fail(fmt::format("the archive takes up to {} MiB, its disk has {} MiB free",
                            (bytes + bytes / 8) >> 20U, free >> 20U),
                "free some, or name another place with --output", ErrorKind::refused);
  }
  return {};
}

void describe_machine(archive::Manifest& manifest, Reasons& reasons) {
  const auto criu = checkpoint::locate_criu();
  auto machine = archive::this_machine(criu ? criu->version : "");
  if (!machine) {
    reasons.add(std::move(machine).error());
  } else {
    manifest.machine = *machine;
  }
}

void describe_daemons(const Router& router, Prepared& prepared, Reasons& reasons) {
  archive::Manifest& manifest = prepared.manifest;
  const auto status = router.rp->status(prepared.slot);
  const auto view = router.rp->control_plane(prepared.slot);
  for (const auto& daemon : status ? status->daemons : std::vector<backends::DaemonStatus>()) {
    manifest.daemons.push_back(daemon.name);
  }
  if (view && view->answering) {
    manifest.suite_version = view->version;
    manifest.sessions = view->sessions.size();
    manifest.routes = view->routes;
    manifest.established = static_cast<std::uint64_t>(
        std::count_if(view->sessions.begin(), view->sessions.end(),
                      [](const auto& session) { return session.established; }));
  }
  // A save that was killed while the router was dark: it is finished now, whatever it takes.
  if (status && status->saved && status->power != backends::SlotPower::active) {
    return;
  }
  auto estimate = router.rp->check_save(prepared.slot);
  if (!estimate) {
    reasons.add(std::move(estimate).error());
    return;
  }
  if (auto room = room_for(prepared.file, estimate->bytes); !room) {
    reasons.add(std::move(room).error());
  }
  if (view) {
    const auto history = read_history(router.store.history());
    if (auto fits = fits_timers(
            predicted_freeze_ms(history ? *history : History(), estimate->bytes), *view);
        !fits) {
      reasons.add(std::move(fits).error());
    }
  }
}

/// Which file it becomes; its folder is there then.
Result<fs::path> place_of(const SaveOptions& options, const Router& router) {
  if (!options.output.empty()) {
    std::error_code error;
    return fs::absolute(options.output, error);
  }
  ISSU_TRY(make_dirs(router.config.archive.folder), "making the folder of the archives");
  return router.config.archive.folder / (options.name + ".checkpoint");
}

Result<Prepared> prepare(const SaveOptions& options, const Router& router) {
  Prepared prepared;
  auto file = place_of(options, router);
  if (!file) {
    return fail(std::move(file).error());
  }
  prepared.file = *file;
  Reasons reasons;
  std::error_code ignored;
  if (!options.force && fs::exists(prepared.file, ignored)) {
    reasons.add(prepared.file.string() + " is there already",
                "choose another name, or replace it with --force");
  }
  const bool named = !options.certificate.empty();
  prepared.signer = {named ? fs::path(options.certificate) : router.config.archive.certificate,
                     named ? fs::path(options.signing_key) : router.config.archive.signing_key};
  if (prepared.signer.certificate.empty()) {
    reasons.add("nobody was named to sign the archive",
                "--certificate FILE --signing-key FILE, or [archive] in " + options.file);
  } else if (auto can = archive::check_signer(prepared.signer, router.config.keyring); !can) {
    reasons.add(std::move(can).error().within("whoever restores it asks the router's keyring"));
  }
  if (auto good = archive::check_sources({{archive::config_part, router.config.router.config_dir}});
      !good) {
    reasons.add(std::move(good).error());
  }
  auto active = router.store.active();
  auto image = active && *active ? router.store.image((*active)->slot)
                                 : Result<std::optional<SlotImage>>(std::nullopt);
  if (!active || !*active || !image || !*image) {
    reasons.add("the router " + router.config.router.name + " runs no image",
                "bring it up with `issu router up`");
    return fail(std::move(reasons).result().error());
  }
  prepared.slot = (*active)->slot;
  prepared.image = **image;
  describe_machine(prepared.manifest, reasons);
  describe_daemons(router, prepared, reasons);
  auto chassis = look_at_chassis(router.config.router.netns);
  if (!chassis) {
    reasons.add(std::move(chassis).error());
  } else {
    prepared.manifest.chassis = std::move(*chassis);
  }
  if (reasons.any()) {
    return fail(std::move(reasons).result().error());
  }
  return prepared;
}

void describe_router(const Router& router, Prepared& prepared) {
  archive::Manifest& manifest = prepared.manifest;
  manifest.program = ISSU_VERSION;
  manifest.made = iso_time(wall_now());
  manifest.router = router.config.router.name;
  manifest.slot = backends::name_of(prepared.slot);
  manifest.suite = router.config.router.suite;
  manifest.image = {prepared.image.version, prepared.image.compatible, prepared.image.kind,
                    prepared.image.sha256};
  manifest.npu_driver = router.npu->driver();
}

/// Of the soft NPU; with the kernel's own there is none.
Result<void> take_snapshot(const Router& router, const fs::path& file) {
  const auto files = backends::soft::NpudFiles::of(router.config.router);
  auto said = backends::soft::ControlClient(files.socket())
                  .ask({{"verb", "snapshot"}, {"file", file.string()}});
  return said ? Result<void>{} : pass(std::move(said).error(), "taking a snapshot of the NPU");
}

/// What CRIU would have forgotten, counted.
void describe_conditions(const fs::path& state, archive::Manifest& manifest) {
  for (const char* name : {"conditions.given", "conditions"}) {
    const auto conditioner = checkpoint::Conditioner::load(state / name);
    if (!conditioner) {
      continue;
    }
    const auto summary = conditioner->summary();
    for (const auto& [kind, count] : summary.items()) {
      if (count.is_number_unsigned() || count.is_number_integer()) {
        manifest.conditions[kind] = count.get<std::uint64_t>();
      }
    }
    return;
  }
}

ordered_json result_json(const Prepared& prepared, const TakenState& taken,
                         const archive::Packed& packed, double write_s) {
  return {{"file", prepared.file.string()},
          {"router", prepared.manifest.router},
          {"slot", prepared.manifest.slot},
          {"dark_ms", taken.dark_ms()},
          {"parts",
           {{"condition_ms", taken.save.condition_ms},
            {"freeze_ms", taken.save.freeze_ms},
            {"dump_ms", taken.save.dump_ms},
            {"restore_ms", taken.restore.restore_ms},
            {"give_back_ms", taken.restore.condition_ms}}},
          {"files", packed.files},
          {"bytes", packed.bytes},
          {"file_bytes", packed.file_bytes},
          {"write_s", write_s},
          {"npu_snapshot", prepared.manifest.npu_snapshot}};
}

std::string result_text(const ordered_json& json) {
  const auto& parts = json["parts"];
  return fmt::format(
      "{}: {} files, {:.1f} MiB, written in {:.2f} s while the router ran\n"
      "control plane dark for {:.0f} ms: conditions {:.0f}, freeze {:.0f}, dump {:.0f}, restore "
      "{:.0f}, conditions again {:.0f}\n{}",
      json["file"].get<std::string>(), json["files"].get<std::uint64_t>(),
      static_cast<double>(json["file_bytes"].get<std::uint64_t>()) / (1U << 20U),
      json["write_s"].get<double>(), json["dark_ms"].get<double>(),
      parts["condition_ms"].get<double>(), parts["freeze_ms"].get<double>(),
      parts["dump_ms"].get<double>(), parts["restore_ms"].get<double>(),
      parts["give_back_ms"].get<double>(),
      json["npu_snapshot"].get<bool>()
          ? "the NPU's tables are in it\n"
          : "no snapshot of the NPU is in it: its tables are those of the kernel\n");
}

Result<ordered_json> save(const SaveOptions& options) {
  give_up_for_coordinator();
  if (options.output.empty()) {
    ISSU_TRY(check_archive_name(options.name), "");
  }
  auto router = open_router(options.file);
  if (!router) {
    return fail(std::move(router).error());
  }
  auto key = read_key(options.key, router->config.archive, true);
  if (!key) {
    return fail(std::move(key).error());
  }
  if (!*key) {
    return fail("no key was named for the archive",
                "--key-file FILE or --passphrase, or [archive] key_file in " + options.file,
                ErrorKind::usage);
  }
  ISSU_TRY(archive::check_passphrase(**key), "");
  auto lock = router->store.lock();
  if (!lock) {
    return fail(std::move(lock).error());
  }
  ISSU_TRY(no_open_upgrade(*router), "");
  auto prepared = prepare(options, *router);
  if (!prepared) {
    return fail(std::move(prepared).error().as(ErrorKind::refused));
  }
  describe_router(*router, *prepared);
  const auto& spec = router->config.router;
  const Scratch kernel(spec.run_dir / "checkpoint.kernel");
  ISSU_TRY(save_kernel_tables(spec.netns, kernel.path()), "");
  const Scratch snapshot(spec.run_dir / "checkpoint.npu");
  if (spec.npu.driver == "soft") {
    ISSU_TRY(take_snapshot(*router, snapshot.path()), "");
    prepared->manifest.npu_snapshot = true;
  }
  const Unhurried unhurried;
  auto taken = take_state(*router->rp, prepared->slot,
                          {router->store.payload(prepared->slot), prepared->image.version});
  if (!taken) {
    // Where nothing runs, what was saved is all that there is of the daemons: it stays.
    if (const auto now = router->rp->status(prepared->slot);
        now && now->power == backends::SlotPower::active) {
      (void)router->rp->forget_saved(prepared->slot);
    }
    return fail(std::move(taken).error());
  }
  prepared->manifest.dark_ms = taken->dark_ms();
  describe_conditions(taken->folder, prepared->manifest);
  std::vector<archive::Source> sources{{archive::state_part, taken->folder},
                                       {archive::config_part, spec.config_dir},
                                       {archive::kernel_part, kernel.path()}};
  if (prepared->manifest.npu_snapshot) {
    sources.push_back({archive::npu_part, snapshot.path()});
  }
  const MonoNs began = mono_now();
  auto packed = archive::pack(prepared->file, prepared->manifest, sources, **key, prepared->signer,
                              {options.force, 20});
  const double write_s = to_s(mono_now() - began);
  auto freed = router->rp->forget_saved(prepared->slot);
  if (!packed) {
    return pass(std::move(packed).error(),
                "the router runs on as before, the archive was not written");
  }
  if (!freed) {
    return fail(std::move(freed).error());
  }
  return result_json(*prepared, *taken, *packed, write_s);
}

}  // namespace

void add_checkpoint_save(CLI::App& parent, Exit& exit) {
  auto options = std::make_shared<SaveOptions>();
  CLI::App* command = parent.add_subcommand(
      "save", "Save the running daemons with their sessions into an archive; they go on at once");
  command->add_option("name", options->name, "Name of the archive in the router's folder")
      ->required();
  add_common(*command, *options);
  command->add_option("-o,--output", options->output, "Another file than NAME in that folder");
  add_key_words(*command, options->key);
  auto* certificate =
      command->add_option("--certificate", options->certificate, "Who signs it (PEM)");
  auto* signing_key =
      command->add_option("--signing-key", options->signing_key, "The signer's key (PEM)");
  certificate->needs(signing_key);
  signing_key->needs(certificate);
  command->add_flag("--force", options->force, "Replace an archive of that name");
  add_example(*command,
              "issu checkpoint save before-night -f router.toml --key-file archive.key \\\n"
              "    --certificate signer.pem --signing-key signer.key");
  command->callback([options, &exit] {
    const auto saved = save(*options);
    if (!saved) {
      exit.code = say_error(saved.error(), options->json);
      return;
    }
    fmt::print("{}{}", options->json ? saved->dump(2) : result_text(*saved),
               options->json ? "\n" : "");
  });
}

}  // namespace issu::cli
