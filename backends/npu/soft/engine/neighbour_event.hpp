#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "backends/npu/soft/engine/data_plane.hpp"
#include "state-sync/tables/types.hpp"

namespace issu::backends::soft {

using Frame = std::span<const std::uint8_t>;

/// What an engine has seen that the neighbour table should know of.
struct NeighbourEvent {
  enum class Kind : std::uint8_t {
    heard,  ///< `address` has `mac`
    asked,  ///< a packet was dropped because nobody knows the MAC address of `address`
  };
  Kind kind = Kind::heard;
  bool answer = false;  ///< heard as an answer to a question, so it hears us, too
  std::uint32_t port = 0;
  tables::Address address;
  tables::MacAddress mac{};
  tables::Address target;  ///< heard in a question: whom it asked for
};

/// What an ARP packet, a neighbour solicitation or advertisement says about its sender.
/// None: any other frame, one that is malformed, or one that asks on behalf of nobody (a probe).
[[nodiscard]] std::optional<NeighbourEvent> heard_in(std::uint32_t port, Frame frame);

/// The neighbour that a verdict with `asks` set is about.
[[nodiscard]] NeighbourEvent asked_by(const npu_view& tables, const npu_verdict& verdict,
                                      Frame frame);

}  // namespace issu::backends::soft
