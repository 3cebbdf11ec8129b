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

TEST_CASE("labels choose what is run, an unknown one is refused with those there are") {
  const auto plan = issu_drill({"run", ISSU_SOURCE_DIR "/scenarios", "--label", "ci", "--label",
                                "container", "--jobs", "4", "--plan"});
  CHECK(plan.status == 0);
  CHECK(plan.out.find("container-restart: ") != std::string::npos);
  CHECK(plan.out.find("packets/s") != std::string::npos);
  CHECK(plan.out.find("vm-standby") == std::string::npos);
  CHECK(plan.out.find("at most 4 at once") != std::string::npos);
  const auto vm = issu_drill({"run", ISSU_SOURCE_DIR "/scenarios", "--label", "vm", "--plan"});
  CHECK(vm.out.find("vm-standby: alone: ") != std::string::npos);
  const auto unknown = issu_drill({"run", ISSU_SOURCE_DIR "/scenarios", "--label", "cii"});
  CHECK(unknown.status == 3);
  CHECK(unknown.err.find("no scenario has the label \"cii\"") != std::string::npos);
  CHECK(unknown.err.find("there are: card (1), checkpoint (") != std::string::npos);
}

TEST_CASE("a matrix is planned cell by cell") {
  const auto plan = issu_drill({"run", ISSU_SOURCE_DIR "/scenarios/versions.toml", "--plan"});
  CHECK(plan.status == 0);
  CHECK(plan.out.find("versions-lxc-bookworm-to-trixie: ") != std::string::npos);
  CHECK(plan.out.find("versions-vm-trixie-to-bookworm: alone: ") != std::string::npos);
  CHECK(plan.out.find("4 drills, at most 1 at once") != std::string::npos);
}

TEST_CASE("words on soaks, attempts and jobs that make no sense are refused") {
  const std::string soak = ISSU_SOURCE_DIR "/scenarios/soak.toml";
  CHECK(issu_drill({"run", soak, "--times", "7", "--seed", "3", "--plan"}).status == 0);
  CHECK(issu_drill({"run", soak, "--times", "1", "--plan"}).status == 2);
  CHECK(issu_drill({"run", soak, "--jobs", "0", "--plan"}).status == 2);
  CHECK(issu_drill({"run", soak, "--retries", "99", "--plan"}).status == 2);
  const auto none =
      issu_drill({"run", ISSU_SOURCE_DIR "/scenarios/operator.toml", "--times", "7", "--plan"});
  CHECK(none.status == 2);
  CHECK(none.err.find("are for soaks") != std::string::npos);
}

TEST_CASE("two drills of one name are refused: reports know them by it") {
  const tests::TempDir folder;
  std::ofstream(folder / "a.toml") << kGood;
  std::ofstream(folder / "b.toml") << kGood;
  const auto said = issu_drill({"run", folder.path().string(), "--plan"});
  CHECK(said.status == 3);
  CHECK(said.err.find("b.toml: a drill of the name \"sample\" is there already") !=
        std::string::npos);
}
