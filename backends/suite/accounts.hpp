#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::backends {

/// The text of /etc/group with root in each of `groups`; those that lack are added with ids above
/// all that are there.
[[nodiscard]] std::string with_groups(std::string_view text,
                                      const std::vector<std::string_view>& groups);

/// Sees to it that the accounts that daemons running as root look up are in the root filesystem
/// mounted (writable) at `rootfs`: root itself, and `groups`.
Result<void> prepare_accounts(const std::filesystem::path& rootfs,
                              const std::vector<std::string_view>& groups);

}  // namespace issu::backends
