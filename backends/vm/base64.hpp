#pragma once

#include <string>
#include <string_view>

namespace issu::backends::vm {

/// The bytes that base64 text (RFC 4648, 4) stands for; what is no letter of it ends the text.
[[nodiscard]] std::string base64_decoded(std::string_view text);

}  // namespace issu::backends::vm
