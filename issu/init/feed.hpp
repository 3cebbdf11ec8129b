#pragma once

#include <cstdint>
#include <filesystem>

#include "issu/base/result.hpp"

namespace issu::init {

/// In a virtual machine: takes zebra's FPM connection on 127.0.0.1 and carries it to the NPU
/// outside, through a virtio-serial port (`device`), in the words of state-sync/fpm/channel.hpp.
/// Whole frames only, so that a daemon that is killed leaves the port where the next one can begin.
/// Nothing is accepted while the host is not there, and a connection ends when the host goes or
/// asks for everything anew: zebra connects again by itself and says everything. Returns only with
/// an error of the device.
Result<void> feed(const std::filesystem::path& device, std::uint16_t port);

}  // namespace issu::init
