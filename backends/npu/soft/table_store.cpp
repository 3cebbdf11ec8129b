#include "backends/npu/soft/table_store.hpp"

#include <algorithm>
#include <cstdio>

namespace issu::backends::soft {
namespace {

tables::Capacities capacities_of(const Settings& settings) {
  tables::Capacities capacities;
  // Slots are used up to seven eighths.
  capacities.routes = std::max(settings.npu.routes / 7 * 8 + 8, 1U << 16U);
  return capacities;
}

}  // namespace

Result<tables::Segment> open_tables_of(const Settings& settings, const NpudFiles& files,
                                       bool& found) {
  std::error_code error;
  found = false;
  if (std::filesystem::exists(files.tables(), error)) {
    auto opened = tables::Segment::open_file(files.tables());
    if (opened) {
      found = true;
      return opened;
    }
    std::fprintf(stderr, "issu-npud: %s; empty ones are made in their place\n",
                 opened.error().message().c_str());
  }
  return tables::Segment::create_file(files.tables(), capacities_of(settings));
}

}  // namespace issu::backends::soft
