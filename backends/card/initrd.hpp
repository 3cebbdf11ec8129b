#pragma once

#include <filesystem>

#include "issu/base/result.hpp"

namespace issu::backends::card {

/// A card's initrd: that of the kernel's payload, which has the kernel's modules, and behind it our
/// `start` as its first program. An image of a kernel has no program of ours in it: what runs on a
/// card is of the release of what runs on the host.
Result<void> initrd_with_start(const std::filesystem::path& initrd,
                               const std::filesystem::path& start,
                               const std::filesystem::path& into);

}  // namespace issu::backends::card
