// The published schemas in docs/schema, held against what is really written.

#include <doctest/doctest.h>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "tests/report/sample.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

namespace issu::report {
namespace {

using Json = nlohmann::ordered_json;

RunOutput validate(const std::string& schema, const std::vector<std::string>& files) {
  Argv words{ISSU_SOURCE_DIR "/tests/report/schema/validate-json", ISSU_SOURCE_DIR "/docs/schema",
             schema};
  words.insert(words.end(), files.begin(), files.end());
  return run(words).value();
}

std::string written(const tests::TempDir& folder, const std::string& name, const Json& json) {
  REQUIRE(write_file_atomic(folder / name, json.dump()));
  return (folder / name).string();
}

TEST_CASE("documents of every outcome are valid") {
  const tests::TempDir folder;
  Document carried = testing::measured_document();
  carried.control_plane.frozen = Frozen{std::nullopt, {{"dump", 1.5}}, 7};
  carried.control_plane.migration = Migration{1.0, std::nullopt, 7, 3, 0.5};
  carried.phases[0].from_s.reset();
  carried.phases[1] = {"undo of freeze", 0.1, "failed", "no answer", 3.0};
  const auto said =
      validate("result", {written(folder, "1", to_json(testing::measured_document())),
                          written(folder, "2", to_json(testing::unmeasured_document())),
                          written(folder, "3", to_json(testing::refused_document())),
                          written(folder, "4", to_json(carried))});
  if (said.status == 77) {
    ISSU_SKIP(said.out);
  }
  CAPTURE(said.out);
  CAPTURE(said.err);
  CHECK(said.status == 0);
}

TEST_CASE("documents of real runs are valid") {
  const std::string fixtures = ISSU_SOURCE_DIR "/tests/report/fixtures/";
  const auto said =
      validate("drill", {fixtures + "container-restart.json", fixtures + "operator.json"});
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
    Json json = to_json(testing::measured_document());
    json[Json::json_pointer(pointer)] = value;
    return validate("result", {written(folder, "broken", json)});
  };
  const auto first = break_it("/data_plane/lost", nullptr);  // it says that it was measured
  if (first.status == 77) {
    ISSU_SKIP(first.out);
  }
  CHECK(first.status == 3);
  CHECK(first.out.find("/data_plane") != std::string::npos);
  CHECK(break_it("/data_plane/measured", false).status == 3);  // and yet it has a figure
  CHECK(break_it("/outcome", "fine").status == 3);
  CHECK(break_it("/outcome", "refused").status == 3);  // without a reason
  CHECK(break_it("/rfc7654/load/frames_per_s", "many").status == 3);
  CHECK(break_it("/rfc7654/unknown", 1).status == 3);
  CHECK(break_it("/timeline/streams/0/sent/0", -1).status == 3);
  CHECK(break_it("/phases/0/seconds", nullptr).status == 3);
  CHECK(break_it("/control_plane/sessions/0/protocol", "rip").status == 3);
  CHECK(break_it("/id", "another").status == 0);
}

}  // namespace
}  // namespace issu::report
