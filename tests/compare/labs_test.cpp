#include "issu/compare/labs.hpp"

#include <doctest/doctest.h>

#include "issu/base/file.hpp"
#include "issu/drill/scenario.hpp"
#include "tests/temp_dir.hpp"

namespace issu::compare {
namespace {

using Json = nlohmann::ordered_json;

TEST_CASE("each lab is a scenario that drills take, with the same neighbours, routes and load") {
  const tests::TempDir folder;
  for (const LabFacts& lab : labs) {
    CAPTURE(std::string(lab.name));
    CHECK(&facts_of(lab.kind) == &lab);
    REQUIRE(write_file_atomic(folder / "lab.toml", scenario_text(lab)));
    const auto scenario = drill::load_scenario(folder / "lab.toml");
    REQUIRE_MESSAGE(scenario, scenario.error().message());
    CHECK(scenario->lab.backend == lab.backend);
    CHECK(scenario->lab.npu == "soft");
    CHECK(scenario->lab.engine == "packet");
    std::uint64_t routes = 0;
    for (const drill::PeerSpec& peer : scenario->lab.peers) {
      for (const auto& range : peer.announce) {
        routes += range.count;
      }
    }
    CHECK(routes == lab_routes);
    double pps = 0;
    for (const drill::StreamSpec& stream : scenario->lab.streams) {
      pps += stream.rate_pps;
    }
    CHECK(pps == lab_pps);
    CHECK(scenario->steps.size() == 1);
  }
}

TEST_CASE("the figures of an upgrade, and what it did not measure") {
  const auto text = read_file(ISSU_SOURCE_DIR "/tests/report/fixtures/container-restart.json");
  REQUIRE(text);
  Json upgrade = Json::parse(*text)["upgrades"][0];
  UpgradeFigures figures = figures_of(upgrade);
  CHECK(*figures.total_s == doctest::Approx(10.105));
  CHECK(*figures.dark_ms == doctest::Approx(937));
  CHECK(*figures.silent_ms == *figures.dark_ms);
  CHECK(*figures.lost == 0);
  CHECK(*figures.sent == 298'322);
  CHECK(figures.accelerator.empty());

  upgrade["control_plane"]["dark_ms"] = 0.0;
  upgrade["control_plane"]["frozen_ms"] = 812.5;
  upgrade["rfc7654"]["device"]["accelerator"] = "tcg";
  figures = figures_of(upgrade);
  CHECK(*figures.dark_ms == 0);
  CHECK(*figures.silent_ms == 812.5);
  CHECK(figures.accelerator == "tcg");

  upgrade["data_plane"]["measured"] = false;
  upgrade["control_plane"]["dark_ms"] = nullptr;
  upgrade["control_plane"]["frozen_ms"] = nullptr;
  figures = figures_of(upgrade);
  CHECK_FALSE(figures.lost);
  CHECK_FALSE(figures.sent);
  CHECK_FALSE(figures.dark_ms);
  CHECK_FALSE(figures.silent_ms);
  CHECK_FALSE(figures_of(Json::object()).total_s);
}

}  // namespace
}  // namespace issu::compare
