// The published schema, held against what is written.

#include <doctest/doctest.h>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "tests/compare/sample.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

namespace issu::compare {
namespace {

using Json = nlohmann::ordered_json;

RunOutput validate(const tests::TempDir& folder, const Json& json) {
  REQUIRE(write_file_atomic(folder / "study.json", json.dump()));
  return run({ISSU_SOURCE_DIR "/tests/report/schema/validate-json", ISSU_SOURCE_DIR "/docs/schema",
              "compare", (folder / "study.json").string()})
      .value();
}

TEST_CASE("a study's document is valid") {
  const tests::TempDir folder;
  const auto said = validate(folder, to_json(testing::sample()));
  if (said.status == 77) {
    ISSU_SKIP(said.out);
  }
  CAPTURE(said.out);
  CAPTURE(said.err);
  CHECK(said.status == 0);
}

TEST_CASE("a document that breaks the form is not: each of these in one place") {
  const tests::TempDir folder;
  const auto break_it = [&](const char* pointer, const Json& value) {
    Json json = to_json(testing::sample());
    json[Json::json_pointer(pointer)] = value;
    return validate(folder, json);
  };
  const auto first =
      break_it("/rows/8/figures/0/vms/value", 0);  // it says that it was not measured
  if (first.status == 77) {
    ISSU_SKIP(first.out);
  }
  CHECK(first.status == 3);
  CHECK(first.out.find("/rows/8") != std::string::npos);
  CHECK(break_it("/rows/6/figures/0/vms/value", nullptr).status == 3);  // it was measured
  CHECK(break_it("/rows/6/figures/0/ratio", nullptr).status == 3);      // without a reason
  CHECK(break_it("/rows/6/figures", Json::array()).status == 3);        // it was asked for
  CHECK(break_it("/rows/0/asked", true).status == 3);
  CHECK(break_it("/rows/0/id", "speed").status == 3);
  CHECK(break_it("/rows/6/claim/reference", "").status == 3);
  CHECK(break_it("/machine/speed", 1).status == 3);
  CHECK(break_it("/started", "later").status == 0);
}

}  // namespace
}  // namespace issu::compare
