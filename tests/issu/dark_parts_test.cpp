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

Records carried(MonoNs saved, MonoNs restoring) {
  Record freeze{Event::done, Phase::freeze};
  freeze.facts = {{"dark_from", 100 * ms}, {"condition_ms", 10.0}, {"freeze_ms", 5.0},
                  {"dump_ms", 200.0},      {"bytes", 4096},        {"saved", saved}};
  Record switchover{Event::done, Phase::switchover};
  switchover.facts = {
      {"from", restoring}, {"restore_ms", 150.0}, {"condition_ms", 7.0}, {"dark_until", 500 * ms}};
  return {freeze, switchover};
}

TEST_CASE("daemons that were carried over: the parts add up to the time that they stood still") {
  const auto whole = frozen(carried(320 * ms, 330 * ms));
  REQUIRE(whole);
  REQUIRE(whole->ms);
  CHECK(*whole->ms == doctest::Approx(400));
  CHECK(whole->bytes == 4096);
  CHECK(sum(whole->parts) == doctest::Approx(400));
}

TEST_CASE(
    "daemons that were not carried over stood still for no time; one that can't be told is null") {
  CHECK_FALSE(frozen(noted(120 * ms, 121 * ms, 400 * ms)));
  const auto repeated = frozen(carried(340 * ms, 330 * ms));
  REQUIRE(repeated);
  CHECK_FALSE(repeated->ms);
  CHECK(repeated->parts.empty());
}

Record undone(Phase phase, nlohmann::json facts) {
  Record record{Event::undone, phase};
  record.facts = std::move(facts);
  return record;
}

TEST_CASE("daemons that went on in the old slot stood still until then") {
  auto records = carried(320 * ms, 330 * ms);
  records.pop_back();  // the switchover failed
  CHECK_FALSE(frozen(records)->ms);
  records.push_back(undone(Phase::switchover, {{"ran", false}}));
  records.push_back(undone(Phase::freeze, {{"deleted", 0}, {"dark_until", 900 * ms}}));
  const auto back = frozen(records);
  REQUIRE(back->ms);
  CHECK(*back->ms == doctest::Approx(800));
  CHECK(sum(back->parts) == doctest::Approx(800));
  CHECK(back->parts.back().ms == doctest::Approx(585));
}

TEST_CASE("daemons that came over and were taken back stood still twice") {
  auto records = carried(320 * ms, 330 * ms);
  records.push_back(undone(Phase::switchover, {{"ran", true}, {"dark_from", 2000 * ms}}));
  records.push_back(undone(Phase::freeze, {{"deleted", 0}, {"dark_until", 2300 * ms}}));
  const auto twice = frozen(records);
  REQUIRE(twice->ms);
  CHECK(*twice->ms == doctest::Approx(700));
  CHECK(sum(twice->parts) == doctest::Approx(700));
  // Started anew, without their sessions: nobody can say for how long they stood still.
  records.back().facts.erase("dark_until");
  CHECK_FALSE(frozen(records)->ms);
}

TEST_CASE("the saved way back is frozen time, and no part of what the peers saw") {
  auto records = noted(120 * ms, 121 * ms, 400 * ms);
  records.front().facts["way_back_ms"] = 370.0;
  CHECK(dark_parts(records, 100 * ms, 380).size() == 4);
  const auto saved = frozen(records);
  REQUIRE(saved);
  CHECK(saved->ms == 370.0);
  CHECK(sum(saved->parts) == doctest::Approx(370));
}

}  // namespace
}  // namespace issu
