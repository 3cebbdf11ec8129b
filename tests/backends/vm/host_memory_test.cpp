#include "backends/vm/host_memory.hpp"

#include <doctest/doctest.h>

using namespace issu::backends::vm;

TEST_CASE("what the host could give is read out of meminfo") {
  CHECK(available_mib("MemTotal:  100 kB\nMemAvailable:  2097152 kB\nBuffers: 1 kB\n") == 2048);
  CHECK_FALSE(available_mib("MemTotal:  100 kB\n"));
  CHECK_FALSE(available_mib(""));
}

TEST_CASE("a second machine that does not fit is refused with the sum") {
  CHECK(room_for_second(512, 640));
  CHECK(room_for_second(512, std::nullopt));
  const auto refused = room_for_second(512, 639);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("1280 MiB") != std::string::npos);
  CHECK(refused.error().message().find("639 MiB are available") != std::string::npos);
}
