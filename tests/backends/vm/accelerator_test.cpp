#include "backends/vm/accelerator.hpp"

#include <doctest/doctest.h>

#include "issu/base/processors.hpp"

using namespace issu;
using namespace issu::backends;

TEST_CASE("processors that the host has not are refused by name") {
  RouterSpec spec;
  CHECK(vm::check_processors(spec));
  const auto online = online_processors();
  REQUIRE_MESSAGE(online, online.error().message());
  spec.vm.cpus = std::to_string(online->back());
  CHECK(vm::check_processors(spec));
  spec.vm.cpus += "," + std::to_string(online->back() + 1);
  const auto refused = vm::check_processors(spec);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("[vm] cpus = \"" + spec.vm.cpus + "\"") !=
        std::string::npos);
}
