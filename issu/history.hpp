#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "issu/base/result.hpp"

namespace issu {

/// The documents of all upgrades of a router, oldest first: one a line, appended and synced. A
/// line that a crash cut short is skipped when reading and cut off by the next append.
using History = std::vector<nlohmann::ordered_json>;

[[nodiscard]] Result<History> read_history(const std::filesystem::path& file);

/// Appends; a document with id and outcome of the last one is there already: nothing is done. (An
/// upgrade that needed a person and then went on has two.)
Result<void> append_history(const std::filesystem::path& file,
                            const nlohmann::ordered_json& document);

/// The document with this id ("last" for the newest), or an error that says what there is.
[[nodiscard]] Result<nlohmann::ordered_json> find_document(const History& history,
                                                           const std::string& id);

}  // namespace issu
