#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "state-sync/tables/tables.hpp"

namespace issu::backends::soft {

/// Writes routes, next hops and groups as they are now into a file (checkpoint/state_document.hpp:
/// kind "npu-tables", schema NPU_LAYOUT_VERSION). Forwarding goes on.
/// {"file", "bytes", "routes", "digest"}
Result<nlohmann::json> take_snapshot(const tables::Writer& writer, const tables::Segment& segment,
                                     const std::filesystem::path& file);

/// Makes the daemons' routes what they were in the snapshot: sets those that are in it, then
/// removes the others. Ports are found again by their names; a route to one that is not there any
/// more is counted and left out. A file that is damaged or of another kind is refused before
/// anything is changed. {"file", "routes", "removed", "left_out"}
Result<nlohmann::json> restore_snapshot(tables::Writer& writer, const std::filesystem::path& file);

}  // namespace issu::backends::soft
