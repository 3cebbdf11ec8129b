#include <doctest/doctest.h>

#include <fstream>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "tests/drill/sample.hpp"

using namespace issu;
using namespace issu::drill::testing;

namespace {

RunOutput issu_drill(Argv words) {
  Argv argv{ISSU_BIN_DIR "/issu", "drill"};
  argv.insert(argv.end(), words.begin(), words.end());
  return run(argv).value();
}

}  // namespace

TEST_CASE("the operator's words that are off end with 2") {
  CHECK(issu_drill({}).status == 2);
  CHECK(issu_drill({"run"}).status == 2);
  CHECK(issu_drill({"run", "--jnuit", "x"}).status == 2);
  const tests::TempDir empty;
  CHECK(issu_drill({"run", empty.path().string()}).status == 2);
}

TEST_CASE("a scenario with slips is refused with 3, all of them told, and nothing is built") {
  const tests::TempDir folder;
  std::ofstream(folder / "a.toml") << with("suite = \"frr\"", "siute = \"frr\"");
  std::ofstream(folder / "b.toml") << with("data_plane.lost", "data_plane.lots");
  const auto said = issu_drill({"run", folder.path().string(), "--work", folder.path().string()});
  CHECK(said.status == 3);
  CHECK(said.err.find("a.toml:5: lab.siute") != std::string::npos);
  CHECK(said.err.find("\"data_plane.lots\" is not a field") != std::string::npos);
  CHECK(issu_drill({"run", "/nonexistent.toml"}).status == 3);
}

TEST_CASE("images that are not there are refused with 3, each by its name") {
  const tests::TempDir folder;
  std::ofstream(folder / "a.toml") << kGood;
  const auto said = issu_drill({"run", (folder / "a.toml").string(), "--images",
                                folder.path().string(), "--work", folder.path().string()});
  CHECK(said.status == 3);
  CHECK(said.err.find((folder / "one.raucb").string()) != std::string::npos);
  CHECK(said.err.find((folder / "two.raucb").string()) != std::string::npos);
  CHECK(said.err.find((folder / "keyring.pem").string()) != std::string::npos);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    CHECK(entry.path().filename() == "a.toml");
  }
}

TEST_CASE("the scenarios of the tree are listed, a document is shown") {
  const auto list = issu_drill({"list", ISSU_SOURCE_DIR "/scenarios"});
  CHECK(list.status == 0);
  CHECK(list.out.find("container-restart") != std::string::npos);
  const tests::TempDir folder;
  std::ofstream(folder / "d.json") << R"({"scenario": "s", "passed": true, "upgrades": []})";
  const auto shown = issu_drill({"show", (folder / "d.json").string()});
  CHECK(shown.status == 0);
  CHECK(shown.out.find("s: PASSED") != std::string::npos);
}

TEST_CASE("documents become a page and metrics, readable for everybody, later too") {
  const tests::TempDir folder;
  std::ofstream(folder / "d.json") << R"([{"scenario": "one", "passed": true, "upgrades": []},
                                          {"scenario": "two", "passed": false}])";
  const std::string page = folder / "d.html";
  const std::string metrics = folder / "d.prom";
  const auto shown =
      issu_drill({"show", (folder / "d.json").string(), "--html", page, "--metrics", metrics});
  CHECK(shown.status == 0);
  CHECK(read_file(page)->find("1 of 2 passed") != std::string::npos);
  CHECK(read_file(metrics)->find("issu_drill_passed{scenario=\"two\"} 0") != std::string::npos);
  for (const std::string& file : {page, metrics}) {
    CHECK(std::filesystem::status(file).permissions() == std::filesystem::perms(0644));
  }
  const auto lost = issu_drill({"show", (folder / "d.json").string(), "--html", "/nowhere/x.html"});
  CHECK(lost.status == 1);
  CHECK(lost.err.find("writing the page into /nowhere/x.html") != std::string::npos);
  std::ofstream(folder / "e.json") << R"({"scene": 1})";
  const auto foreign = issu_drill({"show", (folder / "e.json").string()});
  CHECK(foreign.status == 2);
  CHECK(foreign.err.find("is not a drill's document") != std::string::npos);
}
