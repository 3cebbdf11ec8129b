#pragma once

#include <filesystem>
#include <string>

#include "issu/base/result.hpp"

namespace issu::init {

/// In a virtual machine: makes a unix socket reachable from the host. `device` is a virtio-serial
/// port; each time the host has it open, a connection to `socket` is made and bytes are copied both
/// ways. When the daemon ends the connection, what the host still says is thrown away until the
/// host lets go. Returns only with an error of the device.
Result<void> relay(const std::filesystem::path& device, const std::filesystem::path& socket);

/// Sends one line to process 1's socket (issu/init/control.hpp) and gives back the whole answer.
Result<std::string> ask(const std::filesystem::path& socket, const std::string& command);

}  // namespace issu::init
