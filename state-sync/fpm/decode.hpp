#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "state-sync/fpm/message.hpp"

namespace issu::fpm {

/// Who is told what messages say, in their order. What is given lives until the call returns.
struct Sinks {
  std::function<void(const RouteSaid&)> route;
  std::function<void(const NextHopSaid&)> nexthop;
};

/// What became of the messages of a datagram.
struct Decoded {
  bool sound = true;           ///< false: a length or a value does not fit; the rest was left
  std::uint32_t messages = 0;  ///< that were read
  std::uint32_t skipped = 0;   ///< of those, of another kind, family or table, and clones
  bool link_changed = false;   ///< a link or an address went: the kernel drops routes silently then
  bool done = false;           ///< the end of a dump
  int error = 0;               ///< errno: the kernel refused a request
  bool interrupted = false;    ///< the tables changed under a dump: repeat it
};

/// Reads rtnetlink messages, as the kernel notifies them and as zebra puts them into FPM frames
/// (rtnetlink(7); FRR, zebra/rt_netlink.c). Never reads behind `messages`.
Decoded decode(std::span<const std::byte> messages, const Sinks& sinks);

}  // namespace issu::fpm
