#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace issu::backends::vm {

/// What a serial log tells of why a guest did not come up: the line of a kernel's panic or of a
/// firmware that found nothing to boot from, else the last line. For people: one line of printable
/// characters, at most 200. Empty: the guest said nothing.
[[nodiscard]] std::string last_words(std::string_view serial);

/// The same of a file; of a long one its end is read. Names the file too, to be put behind a
/// message: "its serial log FILE says: …".
[[nodiscard]] std::string told_by_serial(const std::filesystem::path& file);

}  // namespace issu::backends::vm
