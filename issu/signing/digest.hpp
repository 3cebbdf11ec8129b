#pragma once

#include <cstdint>
#include <string>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::signing {

/// SHA-256 of the first `size` bytes of an open file as 64 hexadecimal digits, read in small
/// pieces. `name` is for messages.
Result<std::string> sha256_of(const Fd& file, std::uint64_t size, const std::string& name);

}  // namespace issu::signing
