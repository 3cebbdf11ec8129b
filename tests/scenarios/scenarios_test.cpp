#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "issu/drill/layout.hpp"
#include "issu/drill/scenario.hpp"

using namespace issu;

namespace {

bool has(const drill::Scenario& scenario, const char* label) {
  return std::find(scenario.labels.begin(), scenario.labels.end(), label) != scenario.labels.end();
}

/// What an upgrade is like at the size of a router's table. The others are about a fault, a daemon,
/// a number of times: they take as long as their tables are large, and show the same.
constexpr std::array<std::string_view, 10> whole_tables = {"container-restart",
                                                           "container-downgrade",
                                                           "container-bird",
                                                           "container-restart-soft",
                                                           "container-restart-soft-xdp",
                                                           "container-checkpoint",
                                                           "container-checkpoint-soft",
                                                           "npu-upgrade",
                                                           "npu-upgrade-xdp",
                                                           "dark-budget"};

void check(const drill::Scenario& scenario, const std::string& stem) {
  CHECK(scenario.name.substr(0, stem.size()) == stem);
  CHECK((scenario.cell || scenario.name == stem));
  CHECK_FALSE(scenario.about.empty());
  // When it is run: on each change, by night, or because somebody asks for it.
  CHECK((has(scenario, "ci") + has(scenario, "nightly") + has(scenario, "soak")) == 1);
  const auto routes = drill::announced(scenario.lab.peers);
  const bool whole = std::find(begin(whole_tables), end(whole_tables), stem) != end(whole_tables);
  CHECK(routes.ipv4 + routes.ipv6 >= (whole ? 100'000 : 10'000));
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
