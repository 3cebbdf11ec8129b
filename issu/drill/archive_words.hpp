#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::drill {

/// The words of all files below a folder that are long enough (8 bytes) not to stand anywhere by
/// chance; each once.
[[nodiscard]] std::vector<std::string> telling_words(const std::filesystem::path& folder);

/// Those of them that stand somewhere in a text.
[[nodiscard]] std::vector<std::string> words_in(const std::string& text,
                                                const std::vector<std::string>& words);

/// The same of a file, read piece by piece.
Result<std::vector<std::string>> words_in_file(const std::filesystem::path& file,
                                               const std::vector<std::string>& words);

}  // namespace issu::drill
