#include "issu/predict.hpp"

#include <doctest/doctest.h>

namespace issu {
namespace {

constexpr std::uint64_t mib = 1U << 20U;

nlohmann::ordered_json checkpoint(double frozen_ms, std::uint64_t bytes) {
  return {{"control_plane", {{"frozen_ms", frozen_ms}, {"saved_bytes", bytes}}}};
}

backends::ControlPlaneView view_of(double hold_time_s) {
  backends::ControlPlaneView view;
  backends::SessionView session;
  session.peer = "192.0.2.2";
  session.established = true;
  session.hold_time_s = hold_time_s;
  view.sessions.push_back(session);
  return view;
}

TEST_CASE(
    "the freeze is predicted by the slowest of the last ones, before the first by a slow pace") {
  CHECK(predicted_freeze_ms({}, 100 * mib) == doctest::Approx(1500));
  const History history{
      checkpoint(900, 100 * mib),
      checkpoint(700, 100 * mib),
      nlohmann::ordered_json{{"control_plane", {{"dark_ms", 3}}}},
      nlohmann::ordered_json{{"strategy", "restart"},
                             {"control_plane", {{"frozen_ms", 9000}, {"saved_bytes", mib}}}},
      nlohmann::ordered_json{{"outcome", "rolled-back"},
                             {"control_plane", {{"frozen_ms", 28000}, {"saved_bytes", mib}}}},
      nlohmann::ordered_json{{"control_plane", {{"frozen_ms", nullptr}}}}};
  CHECK(predicted_freeze_ms(history, 100 * mib) == doctest::Approx(900));
  CHECK(predicted_freeze_ms(history, 200 * mib) == doctest::Approx(1300));
}

TEST_CASE("old runs are not looked at any more") {
  History history{checkpoint(90'000, 100 * mib)};
  for (int run = 0; run < 5; ++run) {
    history.push_back(checkpoint(600, 100 * mib));
  }
  CHECK(predicted_freeze_ms(history, 100 * mib) == doctest::Approx(600));
}

TEST_CASE("a hold time that is too short is refused, with one that would do") {
  CHECK(fits_timers(1000, view_of(90)).has_value());
  CHECK(fits_timers(1000, view_of(5)).has_value());  // 2 x 1 s and 1 s of margin in 3.3 s
  const auto refused = fits_timers(2000, view_of(5));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("192.0.2.2") != std::string::npos);
  CHECK(refused.error().hint().find("8 s") != std::string::npos);
  CHECK(fits_timers(2000, view_of(8)).has_value());
}

TEST_CASE("sessions without a hold timer, or that are down, do not count") {
  CHECK(fits_timers(1e6, view_of(0)).has_value());
  auto view = view_of(3);
  view.sessions.front().established = false;
  CHECK(fits_timers(1e6, view).has_value());
}

TEST_CASE(
    "OSPF's dead interval and BFD's detection time count, each named with one that would do") {
  backends::ControlPlaneView view;
  view.adjacencies.push_back({"ospf", "192.0.2.2", "east", true, "Full/DR", 1, 4});
  view.adjacencies.push_back({"bfd", "192.0.2.6", "west", true, "up", 0.3, 0.9});
  const auto refused = fits_timers(1000, view);  // 2 x 1 s and 1 s of margin
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("OSPF neighbour 192.0.2.2") == std::string::npos);
  CHECK(refused.error().message().find("BFD session with 192.0.2.6 (detection time 0.9 s") !=
        std::string::npos);
  CHECK(refused.error().hint().find("5 s") != std::string::npos);
  const auto longer = fits_timers(1001, view);
  REQUIRE_FALSE(longer);
  CHECK(longer.error().message().find("OSPF neighbour 192.0.2.2 (dead interval 4 s") !=
        std::string::npos);
  view.adjacencies[0].up = false;
  view.adjacencies[1].detects_s = 6;
  CHECK(fits_timers(1001, view).has_value());
}

}  // namespace
}  // namespace issu
