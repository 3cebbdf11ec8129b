#include <doctest/doctest.h>

#include "issu/doctor/checks.hpp"

using issu::doctor::memory_for_vms;
using issu::doctor::Present;

TEST_CASE("memory for two machines is what is available, not what is free") {
  const auto enough =
      memory_for_vms("MemTotal: 4096000 kB\nMemFree: 1024 kB\nMemAvailable:    2097152 kB\n");
  CHECK(enough.present == Present::yes);
  CHECK(enough.detail == "2048 MiB are available, two of 512 MiB take 1280");
  CHECK(enough.needed_by == std::vector<std::string>{"standby"});
  const auto less = memory_for_vms("MemFree: 9999999 kB\nMemAvailable: 1048576 kB\n");
  CHECK(less.present == Present::no);
  CHECK(memory_for_vms("MemAvailable: 1310720 kB\n").present == Present::yes);
  CHECK(memory_for_vms("MemAvailable: 1310719 kB\n").present == Present::no);
}

TEST_CASE("what can't be read is not a yes") {
  for (const char* odd : {"", "MemTotal: 4096000 kB\n", "MemAvailable: none\n", "MemAvailable:"}) {
    CHECK(memory_for_vms(odd).present == Present::unknown);
    CHECK_FALSE(memory_for_vms(odd).detail.empty());
  }
}
