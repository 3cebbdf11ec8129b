#pragma once

#include <array>
#include <cstdint>

#include "issu/base/result.hpp"
#include "state-sync/tables/layout.h"

namespace issu::tables {

/// Bytes of each region, as a multiple of 8: what a BPF array has to have at least.
[[nodiscard]] std::array<std::uint64_t, NPU_REGIONS> region_bytes(const npu_capacities& capacities);

/// Where the regions lie in a file. Large ones begin where a huge page can.
struct FileLayout {
  std::array<std::uint64_t, NPU_REGIONS> offset{};
  std::uint64_t total = 0;
};
[[nodiscard]] FileLayout file_layout(const npu_capacities& capacities);

/// The part of a header that never changes, filled in.
[[nodiscard]] npu_header fresh_header(const npu_capacities& capacities);

/// Whether this is a header of tables that this program can use; the Error says what is off.
/// Give it a copy: what is looked at must not change meanwhile.
Result<void> check_header(const npu_header& header);

}  // namespace issu::tables
