// The ready-made CI files of the documentation are pipelines, and this program takes what they say.

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;

namespace {

/// Their commands, each without the program's name; the reason in place of one when there is none.
RunOutput commands_in(const std::string& file) {
  return run({ISSU_SOURCE_DIR "/tests/cli/ci-commands", file}).value();
}

Argv words_of(const std::string& line) {
  Argv words{ISSU_BIN_DIR "/issu"};
  std::istringstream text(line);
  for (std::string word; std::getline(text, word, '\t');) {
    // What the CI system puts there.
    words.push_back(word == "$LABEL"                ? "nightly"
                    : word == "$SOAK_UPGRADES"      ? "100"
                    : word.starts_with("scenarios") ? ISSU_SOURCE_DIR "/" + word
                                                    : word);
  }
  return words;
}

}  // namespace

TEST_CASE("every command of the CI files is one that this program takes") {
  for (const std::string name : {"github-actions.yml", "gitlab-ci.yml"}) {
    const auto commands = commands_in(ISSU_SOURCE_DIR "/docs/ci/" + name);
    if (commands.status == 77) {
      ISSU_SKIP(commands.out);
    }
    CAPTURE(name);
    const std::string said_all = commands.out + commands.err;
    REQUIRE_MESSAGE(commands.status == 0, said_all);
    std::istringstream lines(commands.out);
    unsigned drills = 0;
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(line);
      Argv words = words_of(line);
      const bool is_drill = words.size() > 2 && words[2] == "run";
      if (is_drill) {
        words.emplace_back("--plan");
        ++drills;
      }
      // The others are run in an empty folder: they may find nothing, but the words are right.
      const tests::TempDir folder;
      RunOptions options;
      options.folder = folder.path();
      if (words[1] == "doctor" || line == "drill\tclean") {
        words.emplace_back("--help");
      }
      const auto said = run(words, options).value();
      CAPTURE(said.err);
      CHECK(said.status != 2);
      CHECK((!is_drill || said.status == 0));
    }
    CHECK(drills >= 2);
  }
}

TEST_CASE("a command that this program does not take would be noticed, and a file that is none") {
  const tests::TempDir folder;
  const auto written = [&](const std::string& text) {
    REQUIRE(write_file_atomic(folder / "ci.yml", text));
    return commands_in(folder / "ci.yml");
  };
  const auto job = [](const std::string& script) {
    return "stages: [a]\nx:\n  stage: a\n  script: [" + script +
           "]\n  artifacts: {reports: {junit: d.xml}}\n";
  };
  const auto good = written(job("\"issu drill run scenarios --lable ci --junit d.xml\""));
  if (good.status == 77) {
    ISSU_SKIP(good.out);
  }
  REQUIRE(good.status == 0);
  CHECK(run(words_of(good.out.substr(0, good.out.size() - 1)))->status == 2);
  CHECK(written(job("\"issu drill run scenarios\"")).out.find("writes d.xml") != std::string::npos);
  CHECK(written("stages: [a]\nx: {stage: a}\n").status == 3);
  CHECK(written("stages: [a]\nx: {stage: b, script: [y]}\n").status == 3);
  CHECK(written("on: push\njobs: {x: {runs-on: y, steps: [{name: z}]}}\n").status == 3);
  CHECK(written("a: [\n").status != 0);
}
