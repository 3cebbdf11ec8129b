#pragma once

#include "checkpoint/archive/manifest.hpp"
#include "issu/base/result.hpp"

namespace issu::archive {

/// This machine; `criu` is its CRIU's version, empty when none works.
Result<Machine> this_machine(const std::string& criu);

/// Whether a state that was saved on `made` can go on on `here`: the same architecture, no older
/// kernel (a process may use what the older one has not), no older CRIU (it may not know what is in
/// the images). All reasons at once (ErrorKind::refused).
Result<void> can_go_on(const Machine& made, const Machine& here);

/// Below 0, 0, above 0: as the numbers at the beginning of two versions ("6.1.0-50-amd64" is above
/// "6.1.0-47-amd64").
[[nodiscard]] int compare_versions(const std::string& first, const std::string& second);

}  // namespace issu::archive
