#include <fmt/format.h>

#include "issu/cli/command.hpp"
#include "issu/config/router_config.hpp"
#include "issu/image/build.hpp"
#include "issu/image/bundle.hpp"
#include "issu/image/info.hpp"

namespace issu::cli {
namespace {

struct BuildWords : image::BuildOptions {
  std::string kind_word = "rootfs";
  bool json = false;
};

struct ReadWords {
  std::string image;
  std::string keyring;
  std::string router;  ///< router.toml
  bool json = false;
};

int build(BuildWords words) {
  const auto kind = image::kind_of(words.kind_word);
  if (!kind) {
    return say_error(Error("--kind " + words.kind_word + " is none of rootfs, kernel, disk", "",
                           ErrorKind::usage),
                     words.json);
  }
  words.kind = *kind;
  const auto built = image::build_bundle(words);
  if (!built) {
    return say_error(built.error(), words.json);
  }
  const std::string path = words.output.string();
  if (words.json) {
    fmt::print("{}\n", image::info_json(path, built->file_size, built->manifest, nullptr));
  } else {
    fmt::print("{}: {} {} for {}, {:.1f} MiB\n", path, built->manifest.kind_text(),
               built->manifest.version, built->manifest.compatible,
               static_cast<double>(built->file_size) / (1U << 20U));
  }
  return 0;
}

void show(const ReadWords& words, std::uint64_t file_size, const image::Manifest& manifest,
          const signing::Signer* signer) {
  fmt::print("{}{}",
             words.json ? image::info_json(words.image, file_size, manifest, signer)
                        : image::info_text(words.image, file_size, manifest, signer),
             words.json ? "\n" : "");
}

int info(const ReadWords& words) {
  if (words.keyring.empty()) {
    const auto bundle = image::peek_bundle(words.image);
    if (!bundle) {
      return say_error(bundle.error(), words.json);
    }
    show(words, bundle->file_size, bundle->manifest, nullptr);
    return 0;
  }
  const auto bundle = image::open_bundle(words.image, words.keyring);
  if (!bundle) {
    return say_error(bundle.error(), words.json);
  }
  show(words, bundle->file_size(), bundle->manifest(), &bundle->signer());
  return 0;
}

/// Everything that an upgrade would ask of the image, and the payload's digest.
Result<image::VerifiedBundle> verified(const ReadWords& words) {
  std::string keyring = words.keyring;
  std::string compatible;
  if (!words.router.empty()) {
    const auto config = config::load_router(words.router);
    if (!config) {
      return fail(config.error());
    }
    keyring = keyring.empty() ? config->keyring.string() : keyring;
    compatible = config->compatible;
  }
  if (keyring.empty()) {
    return fail("no keyring was named: who may sign?", "--keyring FILE, or -f router.toml",
                ErrorKind::usage);
  }
  auto bundle = image::open_bundle(words.image, keyring);
  if (!bundle) {
    return bundle;
  }
  if (!words.router.empty()) {
    ISSU_TRY(image::check_compatible(*bundle, {compatible, ""}), "comparing with the router");
  }
  ISSU_TRY(image::verify_payload(*bundle), "verifying the payload");
  return bundle;
}

int verify(const ReadWords& words) {
  const auto bundle = verified(words);
  if (!bundle) {
    return say_error(bundle.error(), words.json);
  }
  show(words, bundle->file_size(), bundle->manifest(), &bundle->signer());
  if (!words.json) {
    fmt::print("verified: signature, contents and payload{}\n",
               words.router.empty() ? "" : "; it fits the router");
  }
  return 0;
}

void add_build(CLI::App& parent, Exit& exit) {
  auto words = std::make_shared<BuildWords>();
  CLI::App* command = parent.add_subcommand("build", "Make a signed image");
  auto* root =
      command->add_option("--root", words->root, "A folder that becomes the root filesystem");
  command->add_option("--payload", words->payload, "A payload that is ready (a squashfs, a disk)")
      ->excludes(root);
  command->add_option("-o,--output", words->output, "The image to write")->required();
  command->add_option("--compatible", words->compatible, "Which routers it is for")->required();
  command->add_option("--version", words->version, "Version of the routing software")->required();
  command->add_option("--certificate", words->certificate, "The signer's certificate (PEM)")
      ->required();
  command->add_option("--key", words->key, "The signer's key (PEM, no passphrase)")->required();
  command->add_option("--keyring", words->keyring, "Verify what was built against these (PEM)");
  command->add_option("--kind", words->kind_word, "rootfs, kernel or disk")->capture_default_str();
  command->add_option("--architecture", words->architecture, "amd64, arm64 (this machine's)");
  command->add_option("--minimum-version", words->minimum_version,
                      "The oldest running version that it can follow");
  command->add_option("--description", words->description, "A line for people");
  command->add_option("--build-id", words->build, "Which build it was");
  command->add_option("--schemas-read", words->schemas_read, "State versions it reads: 1,2")
      ->delimiter(',');
  command->add_option("--schemas-written", words->schemas_written, "State versions it writes")
      ->delimiter(',');
  command->add_flag("--json", words->json, "Answer in JSON on standard output");
  add_example(*command,
              "issu image build --root rootfs --output new.raucb --compatible issu-frr \\\n"
              "    --version 10.3 --certificate signer.pem --key signer.key");
  command->callback([words, &exit] { exit.code = build(*words); });
}

CLI::App* add_reader(CLI::App& parent, const std::shared_ptr<ReadWords>& words, const char* name,
                     const char* about) {
  CLI::App* command = parent.add_subcommand(name, about);
  command->add_option("image", words->image, "The image (a bundle)")->required();
  command->add_option("--keyring", words->keyring, "Certificates that may sign (PEM)");
  command->add_flag("--json", words->json, "Answer in JSON on standard output");
  return command;
}

}  // namespace

void add_image_command(CLI::App& app, Exit& exit) {
  CLI::App* command = app.add_subcommand("image", "Make, look at and verify images");
  command->require_subcommand(1);
  add_build(*command, exit);

  auto shown = std::make_shared<ReadWords>();
  CLI::App* look = add_reader(*command, shown, "info", "What an image holds");
  add_example(*look, "issu image info new.raucb --keyring ca.pem");
  look->callback([shown, &exit] { exit.code = info(*shown); });

  auto checked = std::make_shared<ReadWords>();
  CLI::App* check = add_reader(*command, checked, "verify",
                               "Verify signature, contents and the payload's digest");
  check->add_option("-f,--file", checked->router,
                    "A router.toml: its keyring, and whether the image fits the router");
  add_example(*check, "issu image verify new.raucb -f router.toml");
  check->callback([checked, &exit] { exit.code = verify(*checked); });
}

}  // namespace issu::cli
