#pragma once

#include "backends/npu/soft/npud_files.hpp"
#include "backends/npu/soft/settings.hpp"
#include "state-sync/tables/tables.hpp"

namespace issu::backends::soft {

/// Opens the tables of a router where its engine has them, or makes them where there are none, or
/// none that can be read (the log says why). `found`: whether they were there.
Result<tables::Segment> open_tables_of(const Settings& settings, const NpudFiles& files,
                                       bool& found);

}  // namespace issu::backends::soft
