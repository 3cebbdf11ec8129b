#include <doctest/doctest.h>

#include "tests/compare/sample.hpp"

namespace issu::compare {
namespace {

Figure figure(Side containers, Side vms) {
  return {"x", "s", std::move(containers), std::move(vms)};
}

Side number(double value) {
  return median({value}, "run", "");
}

TEST_CASE("the ratio says how much virtual machines have for each that containers have") {
  const Ratio ratio = ratio_of(figure(number(2), number(5)));
  REQUIRE(ratio.vms_to_containers);
  CHECK(*ratio.vms_to_containers == 2.5);
  CHECK(*ratio_of(figure(number(2), number(0))).vms_to_containers == 0);
}

TEST_CASE(
    "there is no ratio to a zero, of words, or of what was not measured; the reason is told") {
  const auto none = [](const Side& containers, const Side& vms) {
    const Ratio ratio = ratio_of(figure(containers, vms));
    CHECK_FALSE(ratio.vms_to_containers);
    return ratio.why_not;
  };
  CHECK(none(number(0), number(0)) == "both are 0");
  CHECK(none(number(0), number(3)) == "the containers' figure is 0");
  CHECK(none(said("yes", ""), said("no", "")) == "words have none");
  CHECK(none(number(1), not_measured("x")) == "one side was not measured");
  CHECK(none(not_measured("x"), number(0)) == "one side was not measured");
}

TEST_CASE("what was not measured has no number, and its reason") {
  const Side none = median({}, "run", "the time was up");
  CHECK_FALSE(none.measured());
  CHECK_FALSE(none.value);
  CHECK(shown(none, "s") == "not measured: the time was up");
  const auto json = to_json(testing::sample())["rows"][8]["figures"][0];
  CHECK(json["vms"]["value"].is_null());
  CHECK(json["vms"]["measured"] == false);
  CHECK(json["vms"]["why_not"] == "the disk | <is> not there");
  CHECK(json["ratio"].is_null());
  CHECK(json["no_ratio"] == "one side was not measured");
  CHECK(json["containers"]["value"] == 0);
}

TEST_CASE("a side without a reason says that it has none") {
  Comparison study = testing::sample();
  study.rows[8].figures[0].vms = {};
  CHECK(to_json(study)["rows"][8]["figures"][0]["vms"]["why_not"] == "of no reason that is told");
}

TEST_CASE("a figure is the median of its runs, with their spread") {
  const Side side = median({0.5, 0.4, 0.6}, "started", "");
  CHECK(*side.value == 0.5);
  CHECK(shown(side, "s") == "0.50 s (0.40 s to 0.60 s, 3 runs)");
  CHECK(shown(median({3, 3}, "", ""), "packets") == "3 (2 runs)");
  CHECK(*median({1, 2}, "", "").value == 1.5);
}

TEST_CASE("numbers as people read them") {
  CHECK(shown(1536.0 * 1024, "bytes") == "1.5 MiB");
  CHECK(shown(3.0 * 1024 * 1024 * 1024, "bytes") == "3.00 GiB");
  CHECK(shown(936.9, "ms") == "937 ms");
  CHECK(shown(13'250, "ms") == "13.2 s");
  CHECK(shown(2'294'082, "packets") == "2,294,082");
  CHECK(shown(0, "packets") == "0");
  CHECK(shown(0.25, "ms") == "0.25 ms");
  Side far = median({812}, "", "");
  far.extrapolated = true;
  CHECK(shown(far, "instances") == "812, extrapolated");
}

TEST_CASE("a study is complete when each row that was asked for has a figure on both sides") {
  Comparison study = testing::sample();
  CHECK_FALSE(study.complete());
  study.rows[8].figures[0].vms = number(0);
  CHECK(study.complete());
  study.rows[8].figures[0].vms = not_measured("x");
  study.sides = {Shape::container};
  CHECK(study.complete());
  study.rows[0].asked = true;  // and has no figure at all
  CHECK_FALSE(study.complete());
}

TEST_CASE("each row has its claim, its reference and a time") {
  const auto& specs = row_specs();
  CHECK(specs.size() == 9);
  for (const RowSpec& spec : specs) {
    CAPTURE(spec.id);
    CHECK(std::string(spec.claim).size() > 40);
    CHECK(std::string(spec.reference).size() > 20);
    CHECK(spec.weight > 0);
    CHECK((spec.measure != nullptr));
    for (const RowSpec& other : specs) {
      CHECK((&other == &spec || other.order != spec.order));
    }
  }
}

}  // namespace
}  // namespace issu::compare
