#include "issu/drill/pool.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "issu/base/clock.hpp"
#include "issu/drill/outcome_wire.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;
using namespace issu::drill;

namespace {

DrillOutcome outcome_of(const std::string& name, bool passed, const std::string& got = "x") {
  DrillOutcome outcome;
  outcome.scenario = name;
  outcome.started = "2026-01-31T12:00:00.000Z";
  outcome.judgements = {{"it holds", "x", got, passed, passed ? "" : "/evidence/1.log"}};
  return outcome;
}

/// A pool whose drills are functions.
struct Pit {
  tests::TempDir folder;
  Interrupt interrupt;
  std::vector<std::string> lines;
  std::vector<std::string> attempts;
  std::vector<std::string> ended;
  PoolOptions options;
  std::vector<Planned> plan;

  Pit() {
    options.say = [this](const std::string& line) { lines.push_back(line); };
    options.attempted = [this](const DrillOutcome& each) {
      attempts.push_back(each.scenario + std::to_string(each.attempt));
    };
    options.ended = [this](const DrillOutcome& each) { ended.push_back(each.scenario); };
    options.capacity = {2, 2};
    plan = {{"a", {false, 1, ""}}, {"b", {false, 1, ""}}, {"c", {true, 1, ""}}};
  }

  std::vector<DrillOutcome> run(const PlayDrill& play) {
    return run_pool(plan, play, options, interrupt);
  }
  [[nodiscard]] bool there(const std::string& name) const {
    return std::filesystem::exists(folder / name);
  }
  [[nodiscard]] bool waits_for(const std::string& name) const {
    return wait_until([&] { return there(name); }, Deadline::in(std::chrono::seconds(10)));
  }
  void mark(const std::string& name) const { std::ofstream(folder / name) << "x"; }

  [[nodiscard]] bool said(const std::string& line) const {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  }
};

}  // namespace

TEST_CASE("drills run beside each other in processes of their own; one that has to be alone does") {
  Pit pit;
  const auto outcomes = pit.run([&](std::size_t drill, unsigned, const Say& say) {
    const std::string name = pit.plan[drill].name;
    say("pid " + std::to_string(getpid()));
    // Each of the two waits for the other; the third finds both gone.
    bool good = true;
    if (drill < 2) {
      pit.mark("begun-" + name);
      good = pit.waits_for(drill == 0 ? "begun-b" : "begun-a");
      pit.mark("ended-" + name);
    } else {
      good = pit.there("ended-a") && pit.there("ended-b");
    }
    return outcome_of(name, good);
  });
  REQUIRE(outcomes.size() == 3);
  for (const DrillOutcome& outcome : outcomes) {
    CAPTURE(outcome.scenario);
    CHECK(outcome.passed());
    CHECK_FALSE(outcome.flaky);
  }
  CHECK(outcomes[2].scenario == "c");
  CHECK_FALSE(pit.said("a: pid " + std::to_string(getpid())));
  CHECK(pit.ended.back() == "c");
}

TEST_CASE("lines of several drills are never mixed, whoever writes them") {
  Pit pit;
  pit.plan.pop_back();
  const std::string long_line(3000, 'x');
  (void)pit.run([&](std::size_t drill, unsigned, const Say& say) {
    for (int i = 0; i < 20; ++i) {
      say(long_line);
    }
    std::printf("from a library, no end of line");
    return outcome_of(pit.plan[drill].name, true);
  });
  CHECK(pit.lines.size() == 2 * 21);
  for (const std::string& line : pit.lines) {
    CHECK((line.substr(3) == long_line || line.substr(3) == "from a library, no end of line"));
    CHECK((line.starts_with("a: ") || line.starts_with("b: ")));
  }
}

TEST_CASE("a drill that passes at a later attempt is flaky, and every attempt is kept") {
  Pit pit;
  pit.plan = {{"a", {false, 1, ""}}};
  pit.options.retries = 2;
  const PlayDrill second = [&](std::size_t, unsigned attempt, const Say& say) {
    say("working");
    return outcome_of("a", attempt == 2, "attempt " + std::to_string(attempt));
  };
  const auto outcomes = pit.run(second);
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].passed());
  CHECK(outcomes[0].flaky);
  CHECK(outcomes[0].attempt == 2);
  REQUIRE(outcomes[0].earlier.size() == 1);
  CHECK(outcomes[0].earlier[0].judgements[0].got == "attempt 1");
  CHECK(pit.attempts == std::vector<std::string>{"a1", "a2"});
  CHECK(pit.ended.size() == 1);
  CHECK(pit.said("a: working"));
  CHECK(pit.said("a: attempt 1 of 3 failed, it is tried again"));
  CHECK(pit.said("a (attempt 2): working"));

  Pit strict;
  strict.plan = pit.plan;
  strict.options.retries = 2;
  strict.options.strict = true;
  const auto failed = strict.run(second);
  CHECK_FALSE(failed.at(0).passed());
  CHECK(failed[0].flaky);
  CHECK(failed[0].judgements.back().what == "it passes at its first attempt");
  CHECK(failed[0].judgements.back().evidence == "/evidence/1.log");
}

TEST_CASE("a drill that never passes has used all its attempts") {
  Pit pit;
  pit.options.retries = 1;
  const auto outcomes = pit.run([&](std::size_t drill, unsigned, const Say&) {
    return outcome_of(pit.plan[drill].name, drill != 1);
  });
  REQUIRE(outcomes.size() == 3);
  CHECK_FALSE(outcomes[1].passed());
  CHECK_FALSE(outcomes[1].flaky);
  CHECK(outcomes[1].attempt == 2);
  CHECK(outcomes[1].earlier.size() == 1);
  CHECK(outcomes[0].earlier.empty());
}

TEST_CASE("a drill whose process dies has failed, the others go on") {
  Pit pit;
  const auto outcomes = pit.run([&](std::size_t drill, unsigned, const Say&) {
    if (drill == 0) {
      kill(getpid(), SIGKILL);
    }
    if (drill == 1) {
      _exit(0);
    }
    return outcome_of("c", true);
  });
  REQUIRE(outcomes.size() == 3);
  CHECK(outcomes[0].judgements.at(0).is_error);
  CHECK(outcomes[0].judgements[0].got.find("killed by signal 9") != std::string::npos);
  CHECK(outcomes[1].judgements.at(0).got.find("not told to its end") != std::string::npos);
  CHECK(outcomes[2].passed());
}

TEST_CASE("an interrupt ends those that run, begins no other, tries none again") {
  Pit pit;
  pit.options.retries = 3;
  const pid_t parent = getpid();
  const auto outcomes = pit.run([&](std::size_t drill, unsigned, const Say& say) {
    say("begun");
    if (drill == 0 && pit.waits_for("begun-b")) {
      kill(parent, SIGTERM);
    }
    pit.mark("begun-" + pit.plan[drill].name);
    const bool stopped = pit.interrupt.sleep(std::chrono::seconds(20));
    return outcome_of(pit.plan[drill].name, false, stopped ? "interrupted" : "never");
  });
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].judgements.at(0).got == "interrupted");
  CHECK(outcomes[1].judgements.at(0).got == "interrupted");
  CHECK(pit.attempts.size() == 2);
}

TEST_CASE("drills whose run was killed take their labs away by themselves") {
  Pit pit;
  const pid_t run = fork();
  REQUIRE(run >= 0);
  if (run == 0) {
    pit.plan.resize(1);
    (void)pit.run([&](std::size_t, unsigned, const Say& say) {
      pit.mark("begun");
      if (pit.interrupt.sleep(std::chrono::seconds(20))) {
        // Nobody reads any more: that must not stop it, however much there is to say.
        for (int i = 0; i < 200; ++i) {
          say(std::string(3000, 'x'));
        }
        pit.mark("cleaned up");
      }
      return outcome_of("a", false);
    });
    _exit(0);
  }
  REQUIRE(pit.waits_for("begun"));
  kill(run, SIGKILL);
  REQUIRE(waitpid(run, nullptr, 0) == run);
  CHECK(pit.waits_for("cleaned up"));
}

TEST_CASE("what came of a drill comes whole from one process to the other") {
  DrillOutcome outcome = outcome_of("a", false, "\"quoted\"\n\xc3\xa9");
  outcome.about = "about";
  outcome.run = "nightly 7";
  outcome.labels = {"ci", "vm"};
  outcome.cell = Cell{"m", "one", "two", "vm"};
  outcome.seconds = 1.5;
  outcome.attempt = 3;
  outcome.judgements.push_back({"end", "no error", "error", false, {}, true});
  outcome.upgrades = {{"there", 4, R"({"id": "1"})", "/e", 7}};
  outcome.soaks = {{"there", 9'007'199'254'740'991U}};
  const auto back = unpack(pack(outcome));
  REQUIRE(back);
  CHECK(pack(*back) == pack(outcome));
  CHECK(back->judgements[1].is_error);
  CHECK(back->upgrades[0].killed_after == 7);
  CHECK(back->cell->to == "two");
  CHECK_FALSE(unpack(pack(outcome).substr(0, 40)));
  CHECK_FALSE(unpack(""));
}
