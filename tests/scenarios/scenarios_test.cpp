#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "issu/drill/layout.hpp"
#include "issu/drill/scenario.hpp"

using namespace issu;

namespace {

bool has(const drill::Scenario& scenario, const char* label) {
  return std::find(scenario.labels.begin(), scenario.labels.end(), label) != scenario.labels.end();
}

void check(const drill::Scenario& scenario, const std::string& stem) {
  CHECK(scenario.name.substr(0, stem.size()) == stem);
  CHECK((scenario.cell || scenario.name == stem));
  CHECK_FALSE(scenario.about.empty());
  // When it is run: on each change, by night, or because somebody asks for it.
  CHECK((has(scenario, "ci") + has(scenario, "nightly") + has(scenario, "soak")) == 1);
  const auto routes = drill::announced(scenario.lab.peers);
  // A guest without hardware under it takes a tenth in the time that a container takes; so does
  // what is about many upgrades.
  const bool less = scenario.lab.backend != "lxc" || has(scenario, "soak") || scenario.cell;
  CHECK(routes.ipv4 + routes.ipv6 >= (less ? 10'000 : 100'000));
  double pps = 0;
  for (const auto& stream : scenario.lab.streams) {
    pps += stream.from == "east" ? stream.rate_pps : 0;
  }
  CHECK(pps >= 10'000);
}

}  // namespace

TEST_CASE("every scenario of the tree is read without a fault") {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(ISSU_SOURCE_DIR "/scenarios")) {
    if (entry.path().extension() != ".toml") {
      continue;
    }
    CAPTURE(entry.path().string());
    const auto scenarios = drill::load_scenarios(entry.path());
    REQUIRE_MESSAGE(scenarios, scenarios.error().message());
    for (const drill::Scenario& scenario : *scenarios) {
      check(scenario, entry.path().stem());
    }
    ++count;
  }
  CHECK(count >= 6);
}
