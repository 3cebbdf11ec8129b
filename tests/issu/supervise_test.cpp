#include "issu/supervise.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include "issu/step_watch.hpp"
#include "tests/issu/router_lab.hpp"

namespace issu {
namespace {

using backends::Slot;
using tests::Lab;

/// A router whose verb `hangs` never comes back, with a coordinator in a process of its own.
struct Watched : Lab {
  /// `phase` is the one whose step or undo hangs, in a second at the most.
  explicit Watched(Phase phase, std::string hangs = "") : verb(std::move(hangs)) {
    config.timers.deadlines = {{phase, 1}};
    config.timers.converge_s = 0.3;
    world.fault = [this](const std::string& called) -> Result<void> {
      while (called == verb) {
        ::pause();
      }
      return {};
    };
  }
  std::string verb;

  Result<int> coordinate() {
    return supervise(store, config, [&] {
      const auto outcome = run();
      return outcome ? exit_code_of(*outcome) : 9;
    });
  }
};

TEST_CASE("a step that never comes back is ended, and the upgrade goes back") {
  Watched lab(Phase::stage, "boot b");
  lab.open();
  const auto code = lab.coordinate();
  REQUIRE(code);
  CHECK(*code == exit_code_of(Outcome::rolled_back));
  const auto document = lab.document();
  CHECK(document["outcome"] == "rolled-back");
  CHECK(document["reason"].get<std::string>().find(
            "stage did not end within 1 s and was ended (timers.deadlines.stage)") !=
        std::string::npos);
}

TEST_CASE("an undo that never comes back is tried again, then a person is asked for") {
  Watched lab(Phase::stage);
  lab.world.fault = [&](const std::string& verb) -> Result<void> {
    if (verb == "boot b") {
      return fail("no room");
    }
    while (verb == "power_off b" &&
           Journal::read(lab.store.journal())->back().event == Event::undoing) {
      ::pause();
    }
    return {};
  };
  lab.open();
  const auto code = lab.coordinate();
  REQUIRE(code);
  CHECK(*code == exit_code_of(Outcome::needs_operator));
  const std::string reason = lab.document()["reason"];
  CHECK(reason.find("undoing it did not end within") != std::string::npos);
  CHECK(reason.find("no room") != std::string::npos);
}

TEST_CASE("a coordinator that is stopped is ended like one that hangs") {
  Watched lab(Phase::freeze);
  lab.world.fault = [](const std::string& verb) -> Result<void> {
    if (verb == "hold") {
      ::raise(SIGSTOP);
    }
    return {};
  };
  lab.open();
  const auto code = lab.coordinate();
  REQUIRE(code);
  CHECK(*code == exit_code_of(Outcome::rolled_back));
}

TEST_CASE("a coordinator that somebody kills is not started again") {
  Watched lab(Phase::freeze);
  lab.world.fault = [](const std::string& verb) -> Result<void> {
    if (verb == "hold") {
      ::raise(SIGKILL);
    }
    return {};
  };
  lab.open();
  const auto code = lab.coordinate();
  REQUIRE(code);
  CHECK(*code == 128 + SIGKILL);
  CHECK(is_open(*Journal::read(lab.store.journal())));
}

Records records_of(std::initializer_list<Record> list) {
  return {list};
}

TEST_CASE("time counts while somebody looks, from the last record on") {
  config::RouterConfig config;
  config.timers.deadlines[Phase::freeze] = 10;
  Records records = records_of({{Event::opened, {}}, {Event::begun, Phase::freeze}});
  constexpr MonoNs second = 1'000'000'000;
  StepWatch watch(config);
  MonoNs now = 5 * second;
  CHECK(!watch.overdue(records, now));
  CHECK(!watch.overdue(records, now += 3600 * second));  // nobody looked for an hour
  for (int looks = 0; looks < 9; ++looks) {
    CHECK(!watch.overdue(records, now += second));
  }
  CHECK(watch.overdue(records, now += second));
  records.push_back({Event::done, Phase::freeze});
  CHECK(!watch.overdue(records, now += second));
}

TEST_CASE("what is waited for comes on top of a phase's deadline") {
  config::RouterConfig config;
  config.timers.converge_s = 7;
  config.router.vm.migrate.timeout_s = 40;
  const auto seconds = [&](Event event, Phase phase, const char* strategy = "restart") {
    UpgradeOptions options;
    options.strategy = strategy;
    options.soak_s = 600;
    const Records records = records_of({{Event::opened, {}, "", to_json(options)}, {event, phase}});
    return std::chrono::duration<double>(time_allowed(records, config)).count();
  };
  const auto of = [](Phase phase) { return static_cast<double>(row_of(phase).deadline.count()); };
  const auto undo = [](Phase phase) {
    return static_cast<double>(row_of(phase).undo_deadline.count());
  };
  CHECK(seconds(Event::begun, Phase::freeze) == of(Phase::freeze));
  CHECK(seconds(Event::begun, Phase::reconcile) == of(Phase::reconcile) + 7);
  CHECK(seconds(Event::begun, Phase::soak) == of(Phase::soak) + 600);
  CHECK(seconds(Event::begun, Phase::switchover, "migrate") == of(Phase::switchover) + 40);
  CHECK(seconds(Event::undoing, Phase::freeze) == undo(Phase::freeze) + 7);
  CHECK(seconds(Event::undoing, Phase::stage) == undo(Phase::stage));
  config.timers.deadlines[Phase::freeze] = 3;
  CHECK(seconds(Event::begun, Phase::freeze) == 3);
  CHECK(seconds(Event::undoing, Phase::freeze) == 10);
}

TEST_CASE("that a step hung is noted once, and only of a step that was begun") {
  Lab lab;
  lab.open();
  const auto nothing = note_hang(lab.store.journal(), lab.config);
  REQUIRE(nothing);
  CHECK(!*nothing);
  {
    auto journal = Journal::open(lab.store.journal());
    REQUIRE(journal);
    REQUIRE(journal->append({Event::begun, Phase::preflight}));
  }
  CHECK(*note_hang(lab.store.journal(), lab.config));
  CHECK(!*note_hang(lab.store.journal(), lab.config));
  const auto records = *Journal::read(lab.store.journal());
  CHECK(records.back().event == Event::failed);
  CHECK(decide(records).kind == Decision::Kind::close);
}

}  // namespace
}  // namespace issu
