#pragma once

#include <array>
#include <cstdint>

namespace issu::backends::soft {

/// A port as an engine is told of it. MAC address, MTU and state are read from the tables.
struct EnginePort {
  std::uint32_t index = 0;                 ///< in PORTS
  unsigned ifindex = 0;                    ///< in the namespace of the caller
  std::array<unsigned, 2> punt_ifindex{};  ///< by slot; both may be the same; 0: none
  auto operator<=>(const EnginePort&) const = default;
};

}  // namespace issu::backends::soft
