#pragma once

#include <cstdint>
#include <string>

namespace issu::backends::card {

/// An archive of one file for the end of an initrd: the kernel unpacks archives that stand one
/// behind the other, and a later file takes the place of an earlier one of the same name
/// (Documentation/driver-api/early-userspace/buffer-format.rst). `name` without a slash in front;
/// `mode` its permissions.
[[nodiscard]] std::string cpio_of(const std::string& name, const std::string& content,
                                  std::uint32_t mode);

}  // namespace issu::backends::card
