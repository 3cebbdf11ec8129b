#include <doctest/doctest.h>

#include "issu/drill/matrix_table.hpp"
#include "issu/report/html.hpp"
#include "tests/drill/sample.hpp"

using namespace issu;
using namespace issu::drill;
using namespace issu::drill::testing;

namespace {

const std::string kMatrix = R"(
[matrix]
from = ["8", "9"]
to = ["9", "10"]
backend = ["lxc", "vm"]
image = { vm = "vm-*" }
)";

/// The sample with {from} and {to} for its images.
std::string sample_with(const std::string& matrix) {
  std::string text = with("image = \"one\"", "image = \"{from}\"");
  text.replace(text.find("upgrade = \"two\""), 15, "upgrade = \"{to}\"");
  return text + matrix;
}

Result<std::vector<Scenario>> load_all(const std::string& text) {
  const tests::TempDir folder;
  std::ofstream(folder / "sample.toml") << text;
  return load_scenarios(folder / "sample.toml");
}

nlohmann::ordered_json cell(const std::string& from, const std::string& to,
                            const nlohmann::ordered_json& dark, bool passed = true) {
  return {{"scenario", "x"},
          {"passed", passed},
          {"cell", {{"matrix", "m"}, {"from", from}, {"to", to}, {"backend", "lxc"}}},
          {"upgrades",
           {{{"outcome", passed ? "committed" : "rolled-back"},
             {"control_plane", {{"dark_ms", dark}}},
             {"data_plane", {{"lost", 0}}}}}}};
}

}  // namespace

TEST_CASE("a matrix is a drill for each cell, whose name says which") {
  const auto drills = load_all(sample_with(kMatrix));
  REQUIRE_MESSAGE(drills, drills.error().message());
  std::vector<std::string> names;
  for (const Scenario& each : *drills) {
    names.push_back(each.name);
  }
  CHECK(names == std::vector<std::string>{"sample-lxc-8-to-9", "sample-lxc-8-to-10",
                                          "sample-lxc-9-to-10", "sample-vm-8-to-9",
                                          "sample-vm-8-to-10", "sample-vm-9-to-10"});
  CHECK((*drills)[0].lab.image == "8");
  const Scenario& last = drills->back();
  CHECK(last.lab.image == "vm-9");
  CHECK(last.lab.backend == "vm");
  CHECK(std::get<UpgradeStep>(last.steps.at(0).what).image == "vm-10");
  REQUIRE(last.cell);
  CHECK(last.cell->matrix == "sample");
  CHECK(last.cell->from == "9");
  CHECK(load_all(sample_with(kMatrix + "same = true\n"))->size() == 8);
  // A file without one is one drill; one with it is not.
  CHECK(load_all(kGood)->size() == 1);
  CHECK_FALSE(load_text(sample_with(kMatrix)));
}

TEST_CASE("slips in a matrix are told with file and line") {
  const auto told = [](std::string matrix, const std::string& old_text,
                       const std::string& new_text) {
    if (!old_text.empty()) {
      matrix.replace(matrix.find(old_text), old_text.size(), new_text);
    }
    const auto bad = load_all(matrix);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().kind() == ErrorKind::refused);
    return bad.error().message();
  };
  const std::string all = sample_with(kMatrix);
  const auto says = [](const std::string& text, const std::string& part) {
    CAPTURE(text);
    CHECK(text.find(part) != std::string::npos);
  };
  says(told(all, "\nfrom = [", "\nform = ["), "matrix.form: is not a key");
  says(told(all, "to = [\"9\", \"10\"]", "to = []"), "matrix.to: is empty");
  says(told(all, "to = [\"9\", \"10\"]", "to = [\"9\", \"9\"]"), "stands there twice");
  says(told(all, "\"vm\"]", "\"vn\"]"), "matrix.backend: \"vn\" is not known");
  says(told(all, "vm-*", "vm-"), "matrix.image.vm: \"vm-\" has not one *");
  says(told(all, "\"{from}\"", "\"{form}\""), "sample.toml:6: \"{form}\" is no word of a matrix");
  says(told(all, "\"{from}\"", "\"one\""), "no text says {from}");
  says(told(all, "suite = \"frr\"", "suite = \"frr\"\nbackend = \"vm\""),
       "sample.toml:6: lab.backend: stands in the matrix, too");
  says(told(sample_with("\n[matrix]\nfrom = [\"1\"]\nto = [\"1\"]\n"), "", ""), "has no cell");
  // What is wrong beside it is told as of any scenario.
  says(told(all, "rate_pps", "rate"), "lab.stream[1].rate: is not a key");
}

TEST_CASE("a matrix ends in a table from × to") {
  auto flaky = cell("9", "10", 790.2);
  flaky["flaky"] = true;
  const std::string text =
      matrix_tables({cell("8", "9", 812.4), cell("8", "10", nullptr, false), flaky});
  CHECK(text.find("m, backend lxc") != std::string::npos);
  CHECK(text.find("committed, dark 812 ms, 0 lost") != std::string::npos);
  CHECK(text.find("FAILED: rolled-back, dark not measured, 0 lost") != std::string::npos);
  CHECK(text.find("FLAKY: committed, dark 790 ms, 0 lost") != std::string::npos);
  CHECK(text.find("–") != std::string::npos);  // no drill from 9 to 9
  CHECK(matrix_tables({{{"scenario", "s"}}}).empty());
  CHECK(matrix_tables({}).empty());
  const std::string page = report::drill_page({cell("8", "9", 812.4), flaky});
  CHECK(page.find("<h2>m, backend lxc</h2>") != std::string::npos);
  CHECK(page.find("FLAKY: committed, dark 790 ms, 0 lost") != std::string::npos);
}
