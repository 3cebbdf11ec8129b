#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "checkpoint/archive/index.hpp"
#include "checkpoint/archive/reader.hpp"

namespace issu::cli {

/// An archive as a JSON object. `signed_archive`: null when no keyring was named; `index`: null
/// when it was not opened. What is not known is null.
[[nodiscard]] nlohmann::ordered_json archive_json(const std::string& file,
                                                  const archive::Layout& layout,
                                                  const archive::SignedArchive* signed_archive,
                                                  const archive::Index* index);

/// The same for people: a line a fact, and what could not be said for want of what.
[[nodiscard]] std::string archive_text(const nlohmann::ordered_json& json);

}  // namespace issu::cli
