#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "issu/base/result.hpp"

namespace issu::backends::soft {

/// What a link is, read in the network namespace of the calling thread.
struct Link {
  unsigned index = 0;
  std::array<std::uint8_t, 6> mac{};
  unsigned mtu = 0;
  bool up = false;       ///< by the administrator
  bool carrier = false;  ///< and by what is at its other end
};

/// An error when there is no link of this name.
Result<Link> link_of(const std::string& name);

/// "02:00:5e:00:53:01"
[[nodiscard]] std::string text_of(const std::array<std::uint8_t, 6>& mac);

/// What a link may leave to the hardware. The soft NPU takes frames as they are: a checksum that
/// the sender left open, or a segment larger than the MTU, would go out like that.
struct Offloads {
  bool transmit = false;  ///< open checksums and large segments
  bool gather = false;    ///< GRO; a veth takes redirected frames only when its other end has it
};

/// Sets them on a link of the calling thread's namespace.
Result<void> set_offloads(const std::string& name, const Offloads& offloads);

/// Sets a link up or down, in the calling thread's namespace.
Result<void> set_link_up(const std::string& name, bool up);

}  // namespace issu::backends::soft
