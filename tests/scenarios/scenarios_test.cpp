#include <doctest/doctest.h>

#include <filesystem>

#include "issu/drill/layout.hpp"
#include "issu/drill/scenario.hpp"

using namespace issu;

TEST_CASE("every scenario of the tree is read without a fault") {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(ISSU_SOURCE_DIR "/scenarios")) {
    if (entry.path().extension() != ".toml") {
      continue;
    }
    CAPTURE(entry.path().string());
    const auto scenario = drill::load_scenario(entry.path());
    REQUIRE_MESSAGE(scenario, scenario.error().message());
    CHECK(scenario->name == entry.path().stem());
    CHECK_FALSE(scenario->about.empty());
    const auto routes = drill::announced(scenario->lab.peers);
    // A guest without hardware under it takes a tenth in the time that a container takes.
    const bool guest = scenario->lab.backend != "lxc";
    CHECK(routes.ipv4 + routes.ipv6 >= (guest ? 10'000 : 100'000));
    double pps = 0;
    for (const auto& stream : scenario->lab.streams) {
      pps += stream.from == "east" ? stream.rate_pps : 0;
    }
    CHECK(pps >= 10'000);
    ++count;
  }
  CHECK(count >= 6);
}
