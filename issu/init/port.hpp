#pragma once

#include <cstddef>

namespace issu::init {

/// Whether the host has the other end of a virtio-serial port open.
[[nodiscard]] bool host_is_there(int device);

/// Writes all of it, waiting where there is no room; false when the other side is gone.
bool write_all(int fd, const char* bytes, std::size_t count);

}  // namespace issu::init
