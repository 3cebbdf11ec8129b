#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "checkpoint/archive/secret.hpp"
#include "issu/cli/command.hpp"
#include "issu/config/router_config.hpp"

namespace issu::cli {

/// How the key of an archive is named on the command line.
struct KeyWords {
  std::string key_file;
  std::string passphrase_file;
  bool ask = false;

  [[nodiscard]] bool any() const { return ask || !key_file.empty() || !passphrase_file.empty(); }
};

void add_key_words(CLI::App& command, KeyWords& words);

/// The key that was named, or that of router.toml; no value when there is none. `twice`: a
/// passphrase is asked for twice, because a new archive is closed with it.
Result<std::optional<archive::Key>> read_key(const KeyWords& words, const config::Archive& defaults,
                                             bool twice);

/// The file of an archive: a path, or the name of one in the router's folder.
[[nodiscard]] std::filesystem::path archive_file(const std::string& word,
                                                 const config::Archive& defaults);

/// Whether an archive may be called so: letters, digits, '.', '_', '-', 64 at most.
Result<void> check_archive_name(const std::string& name);

}  // namespace issu::cli
