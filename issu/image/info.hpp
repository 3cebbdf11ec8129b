#pragma once

#include <string>

#include "issu/image/bundle.hpp"

namespace issu::image {

/// A bundle for people: a line a fact. `signer`: null for one that was not verified.
[[nodiscard]] std::string info_text(const std::string& path, std::uint64_t file_size,
                                    const Manifest& manifest, const signing::Signer* signer);

/// The same as a JSON object, two spaces deep. What is not known is null.
[[nodiscard]] std::string info_json(const std::string& path, std::uint64_t file_size,
                                    const Manifest& manifest, const signing::Signer* signer);

}  // namespace issu::image
