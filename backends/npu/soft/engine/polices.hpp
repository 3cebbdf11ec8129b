#pragma once

#include <array>
#include <cstdint>

#include "backends/npu/soft/engine/police.h"

namespace issu::backends::soft {

using Polices = std::array<npu_police, NPU_CLASSES>;

/// `per_second` packets, `burst` of them at once.
[[nodiscard]] constexpr npu_police police_of(std::uint64_t per_second, std::uint64_t burst) {
  const std::uint64_t interval = 1'000'000'000 / per_second;
  return {interval, interval * burst};
}

/// What may be punted, for each port: ARP and neighbour discovery; what the router's own sessions
/// need to load a full table; packets that can't go on (each is answered with one at the most).
[[nodiscard]] constexpr Polices default_polices() {
  Polices polices{};
  polices[NPU_CLASS_NEIGHBOUR] = police_of(2'000, 500);
  polices[NPU_CLASS_CONTROL] = police_of(20'000, 4'000);
  polices[NPU_CLASS_EXCEPTION] = police_of(1'000, 200);
  return polices;
}

}  // namespace issu::backends::soft
