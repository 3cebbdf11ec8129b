#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "issu/base/file.hpp"
#include "issu/drill/runner.hpp"
#include "issu/drill/soak_figures.hpp"
#include "tests/drill/sample.hpp"

using namespace issu;
using namespace issu::drill;
using namespace issu::drill::testing;

namespace {

UpgradeRun upgrade(const std::string& outcome, const std::string& dark, unsigned killed = 0) {
  return {"s",
          0,
          "{\"outcome\": \"" + outcome + "\", \"control_plane\": {\"dark_ms\": " + dark +
              "}, \"data_plane\": {\"lost\": 1}}",
          {},
          killed};
}

/// A soak on the fake program, with nothing of the machine looked at.
struct Bath {
  tests::TempDir folder;
  Machine machine{{"mount", {"/"}}};  ///< what there is on it
  std::vector<std::string> lines;
  Interrupt interrupt;
  Stage stage{ISSU_SOURCE_DIR "/tests/drill/fake-issu",
              folder / "router.toml",
              "/images",
              folder / "evidence",
              "",
              {"no-such-router", {}, {}},
              {},
              [this](const std::string& line) { lines.push_back(line); },
              std::chrono::milliseconds(0),
              [this](const Territory&) { return machine; }};
  Runner runner{stage, interrupt};

  Result<void> soak(const SoakStep& step) { return runner.run({{"soak", 0, step}}); }
  [[nodiscard]] const Judgement& judged(const std::string& what) const {
    const auto& all = runner.judgements();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Judgement& each) {
      return each.what.find(what) != std::string::npos;
    });
    REQUIRE(found != all.end());
    return *found;
  }
};

SoakStep step_of(unsigned times, double killed) {
  SoakStep step;
  step.image = "two";
  step.back = "one";
  step.times = times;
  step.killed = killed;
  step.seed = 5;
  return step;
}

}  // namespace

TEST_CASE("the same seed brings the same faults, everywhere") {
  const auto plan = soak_plan(42, 100, 0.2);
  CHECK(plan == soak_plan(42, 100, 0.2));
  CHECK(plan != soak_plan(43, 100, 0.2));
  CHECK(plan.size() == 100);
  CHECK(plan[0] != 0);  // so that its traces are there before anything is looked for
  CHECK(plan[1] == 0);
  const auto killed = std::count_if(plan.begin(), plan.end(), [](unsigned n) { return n != 0; });
  CHECK(killed > 8);
  CHECK(killed < 35);
  CHECK(*std::max_element(plan.begin(), plan.end()) <= 20);
  // Written down once: another library would bring the same.
  const std::vector<unsigned> first{5, 0, 0, 0, 0, 3, 0, 0, 0, 12, 0, 0, 1, 0, 0, 0, 0, 8};
  CHECK(std::vector(plan.begin(), plan.begin() + 18) == first);
  const auto none = soak_plan(1, 9, 0);
  CHECK(std::count(none.begin(), none.end(), 0U) == 9);
  const auto all = soak_plan(1, 9, 1);
  CHECK(std::count(all.begin(), all.end(), 0U) == 1);
}

TEST_CASE("percentiles are of what was measured, and say of how many") {
  std::vector<UpgradeRun> upgrades;
  for (int i = 1; i <= 10; ++i) {
    upgrades.push_back(upgrade("committed", std::to_string(i * 100)));
  }
  upgrades.push_back(upgrade("rolled-back", "null"));
  upgrades.push_back(upgrade("committed", "5000", 7));
  upgrades.push_back({"another step", 0, "", {}});
  const SoakFigures figures = figures_of({"s", 42}, upgrades);
  CHECK(figures.upgrades == 12);
  CHECK(figures.committed == 11);
  CHECK(figures.rolled_back == 1);
  CHECK(figures.killed == 1);
  CHECK(figures.undisturbed_dark_ms.of == 11);
  CHECK(figures.undisturbed_dark_ms.measured == 10);
  CHECK(figures.undisturbed_dark_ms.values->p50 == 500);
  CHECK(figures.undisturbed_dark_ms.values->p90 == 900);
  CHECK(figures.killed_dark_ms.values->max == 5000);
  CHECK(figures.lost_total == 12);
  const auto json = to_json({"s", 42}, figures);
  CHECK(json["dark_ms"]["p99"] == 1000);
  CHECK(json["lost"]["total"] == 12);
  const std::string text = soak_text(json);
  CAPTURE(text);
  CHECK(text.find("12 upgrades, 11 committed, 1 rolled back") != std::string::npos);
  CHECK(text.find("(seed 42)") != std::string::npos);
  CHECK(text.find("p50 500 ms, p90 900 ms, p99 1000 ms, max 1000 ms (10 of 11 measured)") !=
        std::string::npos);
  const auto nothing = to_json({"s", 1}, figures_of({"s", 1}, {upgrade("committed", "null")}));
  CHECK(nothing["dark_ms"]["p50"].is_null());
}

TEST_CASE("a soak goes there and back, and ends where it began") {
  Bath bath;
  REQUIRE(bath.soak(step_of(3, 0)));
  const auto& upgrades = bath.runner.upgrades();
  CHECK(upgrades.size() == 4);  // one more: three end on the other side
  const std::string asked = read_file(bath.folder / "asked").value();
  CHECK(asked.find("upgrade --foreground --image /images/two.raucb") != std::string::npos);
  CHECK(asked.find("upgrade --foreground --image /images/one.raucb") != std::string::npos);
  CHECK(bath.judged("ended as they may").passed);
  CHECK(bath.judged("nothing is left over").passed);
  CHECK(bath.runner.soaks().at(0).seed == 5);
  CHECK(bath.lines.at(1) == "seed 5: the same again with --seed 5");
}

TEST_CASE("a soak goes on until there is something to compare") {
  // Killed after its first record, the first is rolled back: there and back come after it.
  Bath bath;
  SoakStep step = step_of(2, 0.0001);
  step.seed = 1;
  while (soak_plan(step.seed, 2, step.killed)[0] > 3) {
    ++step.seed;
  }
  REQUIRE(bath.soak(step));
  CHECK(bath.runner.upgrades().size() == 5);
  CHECK(bath.judged("nothing is left over").passed);
}

TEST_CASE("a soak's faults are resumed, and counted apart") {
  Bath bath;
  SoakStep step = step_of(4, 1);
  const auto killed_early = [&] {
    const auto plan = soak_plan(step.seed, step.times, 1);
    return std::any_of(plan.begin() + 2, plan.end(), [](unsigned n) { return n <= 3; });
  };
  while (!killed_early()) {
    ++step.seed;
  }
  REQUIRE(bath.soak(step));
  const SoakFigures figures = figures_of(bath.runner.soaks()[0], bath.runner.upgrades());
  // The fake program is killed at the first three records only, and rolls back then.
  CHECK(figures.killed > 0);
  CHECK(figures.killed == figures.rolled_back);
  CHECK(figures.committed + figures.rolled_back == figures.upgrades);
  CHECK(bath.judged("ended as they may").passed);
}

TEST_CASE("a soak whose upgrades go wrong says which, and does not go on for ever") {
  Bath bath;
  bath.stage.issu = "/bin/false";
  REQUIRE(bath.soak(step_of(100, 0)));
  CHECK(bath.judged("soak: upgrade 1").got == "nothing was begun");
  CHECK_FALSE(bath.judged("ended as they may").passed);
  CHECK(bath.judged("ended as they may").got == "0 of 5");
}

TEST_CASE("what a soak leaves over is named") {
  Bath bath;
  bath.stage.say = [&](const std::string& line) {
    if (line.starts_with("upgrade 4 of 4")) {
      bath.machine["mount"].insert("/left");
    }
  };
  REQUIRE(bath.soak(step_of(4, 0)));
  CHECK_FALSE(bath.judged("nothing is left over").passed);
  CHECK(bath.judged("nothing is left over").got == "+ mount /left");
}

TEST_CASE("bounds of the percentiles are held against the undisturbed upgrades") {
  Bath bath;
  SoakStep step = step_of(4, 0);
  step.dark = {101, 50};
  REQUIRE(bath.soak(step));
  CHECK(bath.judged("p50 of the dark time").passed);  // 100, 101, 102, 103
  CHECK_FALSE(bath.judged("p99 of the dark time").passed);
  CHECK(bath.judged("p99 of the dark time").got == "103 ms");
}

TEST_CASE("a soak is read, and the operator's words take its place") {
  const std::string upgrade_step = "upgrade = \"two\"\nargs = [\"--auto-accept\"]";
  const std::string soak = "soak = \"two\"\nback = \"one\"\n";
  auto loaded = load_text(with(upgrade_step, soak + "killed = 0.5\ndark_ms = { p99 = 900 }"));
  REQUIRE_MESSAGE(loaded, loaded.error().message());
  auto& step = std::get<SoakStep>(loaded->steps.at(0).what);
  CHECK(step.times == 100);
  CHECK(step.killed == 0.5);
  CHECK(step.dark.p99_ms == 900);
  CHECK_FALSE(step.dark.p50_ms);
  CHECK(apply({7, 3}, *loaded));
  CHECK(step.times == 7);
  CHECK(step.seed == 3);
  CHECK(images_of(*loaded) == std::vector<std::string>{"one", "two"});
  auto plain = load_text(kGood);
  CHECK_FALSE(apply({7, 3}, *plain));
  const auto told = [&](const std::string& more) {
    const auto bad = load_text(with(upgrade_step, soak + more));
    return bad ? std::string("it was taken") : bad.error().message();
  };
  CHECK(told("killed = 2").find("step[1].killed: 2 is out of range") != std::string::npos);
  CHECK(told("times = 1").find("step[1].times: 1 is out of range") != std::string::npos);
  CHECK(told("dark_ms = { p50 = 9, p99 = 8 }").find("nothing can meet that") != std::string::npos);
  CHECK(told("dark_ms = { p95 = 8 }").find("is not a key") != std::string::npos);
}
