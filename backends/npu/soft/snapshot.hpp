#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "checkpoint/state_document.hpp"
#include "state-sync/tables/tables.hpp"

namespace issu::backends::soft {

/// The daemons' routes, next hops and groups as they are now, as the bytes of a state document
/// (checkpoint/state_document.hpp: kind "npu-tables", docs/formats.md): as many as there are
/// entries in use. `router`: whose they are.
Result<checkpoint::StateBytes> encode_snapshot(const tables::Writer& writer,
                                               const tables::Segment& segment,
                                               const std::string& router);

/// Writes them into a file. Forwarding goes on. {"file", "bytes", "routes", "digest"}
Result<nlohmann::json> take_snapshot(const tables::Writer& writer, const tables::Segment& segment,
                                     const std::string& router, const std::filesystem::path& file);

/// Makes the daemons' routes what they were in the snapshot: sets those that are in it, then
/// removes the others. Ports are found again by their names; a route to one that is not there any
/// more is counted and left out. A file that is damaged, of another kind or schema, or of another
/// router is refused before anything is changed. {"file", "routes", "removed", "left_out"}
Result<nlohmann::json> restore_snapshot(tables::Writer& writer, const std::string& router,
                                        const std::filesystem::path& file);

}  // namespace issu::backends::soft
