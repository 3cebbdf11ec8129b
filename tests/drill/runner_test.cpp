#include "issu/drill/runner.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>

#include "issu/base/file.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;
using namespace issu::drill;

namespace {

/// A stage on which the fake program acts.
struct Theatre {
  tests::TempDir folder;
  std::vector<std::string> lines;
  Interrupt interrupt;
  Stage stage{ISSU_SOURCE_DIR "/tests/drill/fake-issu",
              folder / "router.toml",
              "/images",
              folder / "evidence",
              "",
              {},
              {},
              [this](const std::string& line) { lines.push_back(line); },
              std::chrono::milliseconds(0)};
  Runner runner{stage, interrupt};

  [[nodiscard]] std::string asked() const { return read_file(folder / "asked").value_or(""); }
};

Step step_of(std::string name, auto what) {
  return {std::move(name), 0, std::move(what)};
}

}  // namespace

TEST_CASE("an upgrade is run as an operator would, its answer judged and kept") {
  Theatre theatre;
  REQUIRE(theatre.runner.run({step_of("go", UpgradeStep{"two", {"--auto-accept"}, 0, "", 0})}));
  CHECK(theatre.asked() == "upgrade --image /images/two.raucb --auto-accept -f " +
                               theatre.stage.router_file.string() + " --json\n");
  REQUIRE(theatre.runner.upgrades().size() == 1);
  CHECK(theatre.runner.upgrades()[0].document.find("committed") != std::string::npos);
  REQUIRE(theatre.runner.judgements().size() == 1);
  CHECK(theatre.runner.judgements()[0].passed);
  CHECK(theatre.lines == std::vector<std::string>{"step: go", "  phase stage"});
}

TEST_CASE("an exit code that was not expected fails the drill and does not end it") {
  Theatre theatre;
  REQUIRE(theatre.runner.run({step_of("go", UpgradeStep{"two", {}, 1, "", 0}),
                              step_of("again", UpgradeStep{"two", {}, 0, "", 0})}));
  REQUIRE(theatre.runner.judgements().size() == 2);
  CHECK_FALSE(theatre.runner.judgements()[0].passed);
  CHECK(theatre.runner.judgements()[0].got == "0");
  CHECK(theatre.runner.judgements()[1].passed);
}

TEST_CASE("an upgrade is left open until a phase, and ended by a command") {
  Theatre theatre;
  std::ofstream(theatre.folder / "status") << R"({"open": true, "next": "soak"})";
  std::ofstream(theatre.folder / "until") << "";
  REQUIRE(theatre.runner.run({step_of("open", UpgradeStep{"two", {}, 0, "soak", 0}),
                              step_of("accept", CommandStep{"accept", {}, 0})}));
  REQUIRE(theatre.runner.upgrades().size() == 1);
  CHECK(theatre.runner.upgrades()[0].step == "open");
  CHECK(theatre.runner.judgements().size() == 2);
}

TEST_CASE("an upgrade that never reaches the phase is told") {
  Theatre theatre;
  std::ofstream(theatre.folder / "status") << R"({"open": true, "next": "stage"})";
  REQUIRE(theatre.runner.run({step_of("open", UpgradeStep{"two", {}, 0, "soak", 0}),
                              step_of("accept", CommandStep{"accept", {}, 0})}));
  CHECK_FALSE(theatre.runner.judgements().front().passed);
  CHECK(theatre.runner.judgements().front().got == "it ended before");
}

TEST_CASE("a killed coordinator and the resume that ends its upgrade") {
  Theatre theatre;
  REQUIRE(theatre.runner.run({step_of("go", UpgradeStep{"two", {}, 0, "", 2}),
                              step_of("resume", CommandStep{"resume", {}, 1})}));
  CHECK(theatre.asked().find("upgrade --image /images/two.raucb --foreground") == 0);
  REQUIRE(theatre.runner.judgements().size() == 2);
  CHECK(theatre.runner.judgements()[0].got == "137");
  CHECK(theatre.runner.judgements()[1].passed);
  REQUIRE(theatre.runner.upgrades().size() == 1);
  CHECK(theatre.runner.upgrades()[0].step == "go");
  CHECK(theatre.runner.upgrades()[0].document.find("rolled-back") != std::string::npos);
}

TEST_CASE("a walk kills after each record until there are no more") {
  Theatre theatre;
  WalkStep walk;
  walk.image = "two";
  walk.back = "one";
  REQUIRE(theatre.runner.run({step_of("walk", walk)}));
  // Three are killed and rolled back, the fourth is committed.
  CHECK(theatre.runner.upgrades().size() == 4);
  for (const Judgement& judgement : theatre.runner.judgements()) {
    CAPTURE(judgement.what);
    CHECK_MESSAGE(judgement.passed, judgement.got);
  }
  CHECK(theatre.runner.judgements().back().got == "3");
  walk.last = 2;
  Theatre shorter;
  REQUIRE(shorter.runner.run({step_of("walk", walk)}));
  CHECK_FALSE(shorter.runner.judgements().back().passed);
}

TEST_CASE("a walk of each second record still ends past the last one") {
  Theatre theatre;
  WalkStep walk;
  walk.image = "two";
  walk.back = "one";
  walk.every = 2;
  REQUIRE(theatre.runner.run({step_of("walk", walk)}));
  CHECK(theatre.runner.judgements().back().passed);
  CHECK(theatre.runner.judgements().back().got == "2");
}

TEST_CASE(
    "a walk of one upgrade is killed in each phase, and ended by a resume that nobody kills") {
  const auto judged = [](const std::string& phases) {
    Theatre theatre;
    std::ofstream(theatre.folder / "status") << R"({"open": true, "next": "preflight"})";
    std::ofstream(theatre.folder / "phases") << phases;
    WalkStep walk;
    walk.image = "two";
    walk.back = "one";
    walk.together = true;
    REQUIRE(theatre.runner.run({step_of("walk", walk)}));
    CHECK(theatre.runner.upgrades().size() == 1);
    CHECK(theatre.runner.judgements()[1].passed);
    return theatre.runner.judgements()[0].passed;
  };
  CHECK(
      judged("preflight\nstage\ncheckpoint\npresync\nfreeze\nswitchover\nreconcile\nsoak\n"
             "commit\nend as committed\n"));
  CHECK_FALSE(judged("preflight\nstage\nundo of stage\nend as rolled-back\n"));
  CHECK_FALSE(
      judged("preflight\nstage\nstage\ncheckpoint\npresync\nfreeze\nswitchover\nreconcile\n"
             "soak\ncommit\nend as committed\n"));
}

TEST_CASE("repeat, snapshot and compare") {
  Theatre theatre;
  theatre.stage.territory.id = theatre.folder.path().filename().string();
  theatre.stage.territory.folders = {theatre.folder / "state"};
  std::filesystem::create_directories(theatre.folder / "state");
  RepeatStep repeat;
  repeat.times = 3;
  repeat.steps = {step_of("go", UpgradeStep{"two", {}, 0, "", 0})};
  REQUIRE(theatre.runner.run({step_of("s", SnapshotStep{"s"}), step_of("three", repeat)}));
  std::ofstream(theatre.folder / "state/left") << "x";
  REQUIRE(theatre.runner.run({step_of("c", CompareStep{"s"})}));
  CHECK(theatre.runner.upgrades().size() == 3);
  const Judgement& last = theatre.runner.judgements().back();
  CHECK_FALSE(last.passed);
  CHECK(last.got.find("state/left") != std::string::npos);
}

TEST_CASE("a peer that is not there, or is no BIRD, can't be told to reset") {
  Theatre theatre;
  PeerPlace west;
  west.spec.name = "west";
  west.spec.daemon = "frr";
  theatre.stage.peers = {west};
  for (const char* name : {"east", "west"}) {
    const auto done = theatre.runner.run({step_of("reset", ResetStep{name})});
    REQUIRE_FALSE(done);
    CHECK(done.error().message().find(name) != std::string::npos);
  }
}

TEST_CASE("an interrupt ends the drill, and the program with it") {
  Theatre theatre;
  std::ofstream(theatre.folder / "until") << "";
  kill(getpid(), SIGTERM);
  const auto done = theatre.runner.run({step_of("go", UpgradeStep{"two", {}, 0, "", 0})});
  REQUIRE_FALSE(done);
  CHECK(done.error().what() == "interrupted");
}
