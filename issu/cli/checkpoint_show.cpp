#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "checkpoint/archive/unpack.hpp"
#include "issu/cli/checkpoint.hpp"
#include "issu/cli/checkpoint_text.hpp"
#include "issu/cli/checkpoint_words.hpp"

namespace issu::cli {
namespace {

struct ShowOptions {
  std::string archive;
  std::string router;  ///< router.toml
  std::string keyring;
  KeyWords key;
  bool json = false;
};

/// Who may sign, and with what: from the words and from router.toml.
struct Trust {
  std::filesystem::path keyring;
  config::Archive defaults;
};

Result<Trust> trust_of(const ShowOptions& options) {
  Trust trust;
  if (!options.router.empty()) {
    auto config = config::load_router(options.router);
    if (!config) {
      return fail(std::move(config).error());
    }
    trust = {config->keyring, config->archive};
  }
  if (!options.keyring.empty()) {
    trust.keyring = options.keyring;
  }
  return trust;
}

/// What is to be told of an archive, as far as keyring and key go.
class Look {
 public:
  explicit Look(const ShowOptions& options) : options_(&options) {}

  Result<void> take() {
    auto trust = trust_of(*options_);
    if (!trust) {
      return fail(std::move(trust).error());
    }
    file_ = archive_file(options_->archive, trust->defaults);
    auto layout = archive::look_at(file_);
    if (!layout) {
      return fail(std::move(layout).error());
    }
    layout_ = *layout;
    auto key = read_key(options_->key, trust->defaults, false);
    if (!key) {
      return fail(std::move(key).error());
    }
    if (trust->keyring.empty()) {
      return *key ? Result<void>(fail("no keyring was named: who may sign?",
                                      "--keyring FILE, or -f router.toml", ErrorKind::usage))
                  : Result<void>();
    }
    auto opened = archive::SignedArchive::open(file_, trust->keyring);
    if (!opened) {
      return fail(std::move(opened).error());
    }
    signed_.emplace(std::move(*opened));
    return *key ? open(**key) : Result<void>();
  }

  /// Every piece as it was signed, and with the key, all that is in it.
  Result<void> read_all() {
    if (!signed_) {
      return fail("no keyring was named: who may sign?", "--keyring FILE, or -f router.toml",
                  ErrorKind::usage);
    }
    if (reader_) {
      return archive::check_contents(*reader_, *index_);
    }
    const archive::Layout& layout = signed_->layout();
    std::vector<unsigned char> sealed(layout.header.chunk_bytes() + archive::tag_bytes);
    for (std::uint64_t number = 0; number < layout.chunks; ++number) {
      ISSU_TRY(signed_->read_chunk(
                   number, std::span(sealed).first(layout.plain_of(number) + archive::tag_bytes)),
               "");
    }
    return {};
  }

  [[nodiscard]] nlohmann::ordered_json json() const {
    return archive_json(file_.string(), layout_, signed_ ? &*signed_ : nullptr,
                        index_ ? &*index_ : nullptr);
  }
  [[nodiscard]] bool opened() const { return index_.has_value(); }

 private:
  Result<void> open(const archive::Key& key) {
    auto reader = archive::Reader::unlock(*signed_, key);
    if (!reader) {
      return fail(std::move(reader).error());
    }
    reader_.emplace(std::move(*reader));
    auto index = archive::read_index(*reader_, file_.string());
    if (!index) {
      return fail(std::move(index).error());
    }
    index_ = std::move(*index);
    return {};
  }

  const ShowOptions* options_;
  std::filesystem::path file_;
  archive::Layout layout_;
  std::optional<archive::SignedArchive> signed_;
  std::optional<archive::Reader> reader_;
  std::optional<archive::Index> index_;
};

int show(const ShowOptions& options) {
  Look look(options);
  if (auto taken = look.take(); !taken) {
    return say_error(taken.error(), options.json);
  }
  const auto json = look.json();
  fmt::print("{}{}", options.json ? json.dump(2) : archive_text(json), options.json ? "\n" : "");
  return 0;
}

int verify(const ShowOptions& options) {
  Look look(options);
  auto verified = look.take();
  if (verified) {
    verified = look.read_all();
  }
  if (!verified) {
    return say_error(verified.error(), options.json);
  }
  auto json = look.json();
  json["verified"] = {
      {"signature", true},
      {"pieces", true},
      {"contents", look.opened() ? nlohmann::ordered_json(true) : nlohmann::ordered_json(nullptr)}};
  if (options.json) {
    fmt::print("{}\n", json.dump(2));
  } else {
    fmt::print("{}verified: signature and every piece{}\n", archive_text(json),
               look.opened() ? ", and all that is in it" : "; not opened, for want of its key");
  }
  return 0;
}

void add_reader(CLI::App& parent, Exit& exit, const char* name, const char* about,
                const char* example, int (*work)(const ShowOptions&)) {
  auto options = std::make_shared<ShowOptions>();
  CLI::App* command = parent.add_subcommand(name, about);
  command->add_option("archive", options->archive, "The archive: a file, or a name with -f")
      ->required();
  command->add_option("-f,--file", options->router,
                      "A router.toml: its keyring, its key, its folder of archives");
  command->add_option("--keyring", options->keyring, "Certificates that may sign (PEM)");
  add_key_words(*command, options->key);
  command->add_flag("--json", options->json, "Answer in JSON on standard output");
  add_example(*command, example);
  command->callback([options, work, &exit] { exit.code = work(*options); });
}

}  // namespace

void add_checkpoint_show(CLI::App& parent, Exit& exit) {
  add_reader(parent, exit, "show", "What an archive holds; CRIU is not needed",
             "issu checkpoint show before-night -f router.toml --key-file archive.key", show);
}

void add_checkpoint_verify(CLI::App& parent, Exit& exit) {
  add_reader(parent, exit, "verify",
             "Read all of an archive: signature, every piece, and with its key the contents",
             "issu checkpoint verify edge1.checkpoint --keyring ca.pem", verify);
}

}  // namespace issu::cli
