#include <doctest/doctest.h>

#include "tests/config/sample.hpp"

using namespace issu;
using namespace issu::config::testing;

namespace {

/// The good sample with a section behind it; its first line is line 42.
std::string sla(const std::string& keys) {
  return kGood + "\n[sla]\n" + keys + "\n";
}

}  // namespace

TEST_CASE("without [sla] there is no budget") {
  const SampleFolder folder;
  const auto loaded = folder.load(kGood);
  REQUIRE(loaded);
  CHECK_FALSE(loaded->sla.all.data_plane.month);
  CHECK_FALSE(loaded->sla.all.control_plane.year);
  CHECK(loaded->sla.backends.empty());
}

TEST_CASE("an availability, or milliseconds, for each plane and backend") {
  const SampleFolder folder;
  const auto loaded =
      folder.load(sla("availability = 99.999\ncontrol_plane_budget_ms_per_month = 60000\n"
                      "[sla.vm]\nbudget_ms_per_month = 10\nbudget_ms_per_year = 100\n"
                      "control_plane_availability = 99.9"));
  REQUIRE(loaded);
  CHECK(*loaded->sla.all.data_plane.month == doctest::Approx(26'300.16));
  CHECK(*loaded->sla.all.data_plane.year == doctest::Approx(315'601.92));
  CHECK(*loaded->sla.all.control_plane.month == 60'000);
  CHECK_FALSE(loaded->sla.all.control_plane.year);
  const auto& vm = loaded->sla.backends.at("vm");
  CHECK(*vm.data_plane.month == 10);
  CHECK(*vm.data_plane.year == 100);
  CHECK(*vm.control_plane.month == doctest::Approx(2'630'016));
}

TEST_CASE("what is wrong is told with line, key and what to do") {
  struct Refusal {
    const char* keys;
    const char* told;
    const char* hint;
  };
  const Refusal refusals[] = {
      {"availability = 100.1", ":43: sla.availability: 100.1 is out of range", "0 to 100"},
      {"availability = \"five nines\"", ":43: sla.availability: is a text", "number"},
      {"availability = 99\nbudget_ms_per_month = 5",
       ":44: sla.budget_ms_per_month: stands beside availability", "take one of them away"},
      {"budget_ms_per_month = 5\nbudget_ms_per_year = 4",
       ":43: sla.budget_ms_per_month: is larger than budget_ms_per_year", "as large or smaller"},
      {"budget_ms_per_month = -1", ":43: sla.budget_ms_per_month: -1 is out of range", "0 to"},
      {"budget_ms_per_monht = 5", ":43: sla.budget_ms_per_monht: is not a key",
       "\"budget_ms_per_month\"?"},
      {"[sla.lxd]\navailability = 99", "sla.lxd: is not a key", "\"lxc\"?"},
      {"[sla.lxc]\navialability = 99", "sla.lxc.avialability: is not a key", "\"availability\"?"},
  };
  const SampleFolder folder;
  for (const Refusal& refusal : refusals) {
    CAPTURE(refusal.keys);
    const auto loaded = folder.load(sla(refusal.keys));
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().kind() == ErrorKind::refused);
    CAPTURE(loaded.error().message());
    CHECK(loaded.error().message().find(refusal.told) != std::string::npos);
    CHECK(loaded.error().message().find(refusal.hint) != std::string::npos);
  }
}
