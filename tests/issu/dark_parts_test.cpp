#include "issu/dark_parts.hpp"

#include <doctest/doctest.h>

#include <numeric>

namespace issu {
namespace {

constexpr MonoNs ms = 1'000'000;

Records noted(MonoNs fenced, MonoNs starting, MonoNs answering) {
  Record freeze{Event::done, Phase::freeze};
  freeze.facts = {{"dark_from", 100 * ms}, {"fenced", fenced}};
  Record switchover{Event::done, Phase::switchover};
  switchover.facts = {{"from", starting}, {"answering", answering}};
  return {freeze, switchover};
}

double sum(const std::vector<report::DarkPart>& parts) {
  return std::accumulate(parts.begin(), parts.end(), 0.0,
                         [](double total, const auto& part) { return total + part.ms; });
}

TEST_CASE("the parts add up to the dark time") {
  const auto parts = dark_parts(noted(120 * ms, 121 * ms, 400 * ms), 100 * ms, 380);
  REQUIRE(parts.size() == 4);
  CHECK(parts[2].ms == doctest::Approx(279));
  CHECK(parts[3].ms == doctest::Approx(80));
  CHECK(sum(parts) == doctest::Approx(380));
}

TEST_CASE("sessions that are Established before the last daemon answers have parts too") {
  const auto parts = dark_parts(noted(120 * ms, 121 * ms, 481 * ms), 100 * ms, 373);
  REQUIRE(parts.size() == 3);
  CHECK(parts[2].ms == doctest::Approx(352));
  CHECK(sum(parts) == doctest::Approx(373));
}

TEST_CASE("moments of two darknesses have no parts") {
  CHECK(dark_parts(noted(50 * ms, 121 * ms, 400 * ms), 100 * ms, 380).empty());
  CHECK(dark_parts(noted(120 * ms, 500 * ms, 600 * ms), 100 * ms, 380).empty());
  CHECK(dark_parts({}, 100 * ms, 380).empty());
}

}  // namespace
}  // namespace issu
