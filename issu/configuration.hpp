#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "issu/context.hpp"
#include "issu/report/setting.hpp"

namespace issu {

/// What routing daemons say of their configuration, a line a statement, each behind the statements
/// that it stands in: "router bgp 65000 / neighbor 192.0.2.2 timers 3 10". Without comments and
/// what only closes a block; secrets (passwords, keys) are left out, not their being there.
[[nodiscard]] std::vector<std::string> configuration_lines(const std::string& text);

/// The statements of a configuration folder, in the same form.
[[nodiscard]] std::vector<std::string> configured_lines(const std::filesystem::path& folder);

/// What changed. A statement of `configured` that the daemons had before and have no more is
/// unexpected; all else that differs comes with the release. Between the same versions nothing
/// does: then everything is unexpected.
[[nodiscard]] report::ConfigurationDelta compare_configurations(
    const std::vector<std::string>& before, const std::vector<std::string>& after,
    const std::vector<std::string>& configured, bool same_version);

/// Keeps what the old side says of its configuration in the folder of the evidence, without
/// secrets, for `configuration_delta`. One that is not told is no error; what an earlier upgrade
/// left there is removed.
Result<void> note_configuration(Context& context);

/// Compares what was noted with what the router runs in `slot` at the end.
[[nodiscard]] report::ConfigurationDelta configuration_delta(const Context& context,
                                                             backends::Slot slot,
                                                             bool same_version);

}  // namespace issu
