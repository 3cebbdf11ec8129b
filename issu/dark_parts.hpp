#pragma once

#include <optional>
#include <vector>

#include "issu/journal.hpp"
#include "issu/report/document.hpp"

namespace issu {

/// The control plane's dark time, cut at the moments that the coordinator noted. `dark_from` is
/// when the old side was held; `dark_ms` what the peers saw from there. The parts add up to
/// `dark_ms`. None where the moments do not belong to one darkness (a step was repeated after a
/// crash) or were not noted.
[[nodiscard]] std::vector<report::DarkPart> dark_parts(const Records& records, MonoNs dark_from,
                                                       double dark_ms);

/// How long the daemons of a strategy that carries them over stood still, by the coordinator's own
/// clock. No value where they did not; without `ms` where that can't be told (a step was repeated
/// after a crash).
[[nodiscard]] std::optional<report::Frozen> frozen(const Records& records);

/// How a machine moved as it ran, by its hypervisor's count. No value where none did.
[[nodiscard]] std::optional<report::Migration> migration(const Records& records);

}  // namespace issu
