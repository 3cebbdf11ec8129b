// A stream of FPM frames from somebody who may be anybody: cut into frames, its messages read.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "state-sync/fpm/decode.hpp"
#include "state-sync/fpm/frames.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  issu::fpm::FrameReader reader;
  while (size > 0) {
    const auto room = reader.room();
    const std::size_t part = std::min(size, room.size());
    std::memcpy(room.data(), data, part);
    reader.filled(part);
    data += part;
    size -= part;
    for (;;) {
      const auto frame = reader.next();
      if (!frame) {
        return 0;
      }
      if (!*frame) {
        break;
      }
      issu::fpm::decode(**frame, {[](const issu::fpm::RouteSaid& route) {
                                    if (route.prefix.length > 128) {
                                      std::abort();
                                    }
                                  },
                                  [](const issu::fpm::NextHopSaid& said) {
                                    if (said.id == 0) {
                                      std::abort();
                                    }
                                  }});
    }
  }
  return 0;
}
