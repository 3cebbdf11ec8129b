// Netlink messages that are not what they say: read as routes of a feed, and as events of the
// kernel's tables.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "state-sync/fib_message.hpp"
#include "state-sync/fpm/decode.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Of its own size on the heap, so that a sanitizer sees a byte too far.
  const auto* first = reinterpret_cast<const std::byte*>(data);
  const std::vector<std::byte> messages(first, first + size);
  issu::fpm::decode(messages, {[](const issu::fpm::RouteSaid& route) {
                                 for (const auto& hop : route.hops) {
                                   if (hop.family != 0 && hop.family != 4 && hop.family != 6) {
                                     std::abort();
                                   }
                                 }
                               },
                               [](const issu::fpm::NextHopSaid&) {}});
  issu::state_sync::parse_fib_datagram(messages, [](const issu::state_sync::FibEvent& event) {
    if (event.route.prefix.length > 128) {
      std::abort();
    }
  });
  return 0;
}
