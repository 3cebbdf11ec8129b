// No silent downgrade to what is older than router.toml's minimum.

#include <doctest/doctest.h>

#include "issu/image_fit.hpp"
#include "tests/issu/router_lab.hpp"

namespace issu {
namespace {

using image::Kind;

/// The image of these labs is 10.3.
Outcome upgrade(tests::Lab& lab, const std::string& minimum, bool allowed) {
  lab.config.minimum_version = minimum;
  UpgradeOptions options;
  options.id = new_upgrade_id();
  options.image = tests::bundle().file();
  options.strategy = lab.strategy;
  options.soak_s = 0.01;
  options.allow_below_minimum = allowed;
  REQUIRE(open_upgrade(lab.store, options));
  REQUIRE(lab.store.ask("accept"));
  const auto outcome = lab.run();
  REQUIRE(outcome);
  return *outcome;
}

TEST_CASE("an image below the minimum is refused, and nothing is touched") {
  tests::Lab lab;
  CHECK(upgrade(lab, "10.3.1", false) == Outcome::refused);
  const std::string reason = lab.document()["reason"];
  CHECK(reason.find("sets minimum_version = \"10.3.1\"") != std::string::npos);
  CHECK(reason.find("--allow-below-minimum") != std::string::npos);
  CHECK_FALSE(lab.called("stage b"));
  CHECK_FALSE(std::filesystem::exists(lab.store.next_bundle()));
}

TEST_CASE("an image that is the minimum, and one above it, are no exception to anything") {
  for (const char* minimum : {"10.3", "9.99", "10.3~rc1", ""}) {
    CAPTURE(minimum);
    tests::Lab lab;
    CHECK(upgrade(lab, minimum, false) == Outcome::committed);
    CHECK(lab.document()["anomalies"].empty());
  }
}

TEST_CASE("a person can allow it: the document says so, and every next time is refused again") {
  tests::Lab lab;
  CHECK(upgrade(lab, "11", true) == Outcome::committed);
  lab.check_ended(Outcome::committed);
  const auto anomalies = lab.document()["anomalies"].dump();
  CHECK(anomalies.find("run by --allow-below-minimum") != std::string::npos);
  CHECK(upgrade(lab, "11", false) == Outcome::refused);
}

TEST_CASE("allowed for nothing leaves no trace") {
  tests::Lab lab;
  CHECK(upgrade(lab, "10", true) == Outcome::committed);
  CHECK(lab.document()["anomalies"].empty());
}

TEST_CASE("kernels have a minimum of their own") {
  config::RouterConfig config;
  config.minimum_version = "8.4";
  config.minimum_kernel = "6.1.0-50";
  CHECK(below_minimum(config, Kind::kernel, "6.1.0-47", "k.raucb"));
  CHECK_FALSE(below_minimum(config, Kind::kernel, "6.1.0-50-cloud-amd64", "k.raucb"));
  CHECK_FALSE(below_minimum(config, Kind::rootfs, "8.4.4", "r.raucb"));
  CHECK(below_minimum(config, Kind::disk, "8.3.9", "d.raucb"));
  config.minimum_kernel.clear();
  CHECK_FALSE(below_minimum(config, Kind::kernel, "2.4", "k.raucb"));
}

}  // namespace
}  // namespace issu
