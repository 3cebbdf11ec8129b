#include <doctest/doctest.h>

#include "tests/issu/router_lab.hpp"

namespace issu {
namespace {

using backends::DaemonStatus;
using backends::Slot;

constexpr std::uint64_t mebibyte = 1U << 20U;

/// An upgrade in whose soak something happens before each question to the NPU.
struct SoakLab : tests::Lab {
  std::function<void(int)> happens;  ///< told how many questions there were before
  int questions = 0;

  SoakLab() {
    world.daemons[Slot::b] = {{"bgpd", 11, true, 0, "", 40 * mebibyte},
                              {"zebra", 12, true, 0, "", 20 * mebibyte}};
    open("");
    world.questions_can_fail = true;
    world.fault = [this](const std::string& verb) -> Result<void> {
      const auto records = *Journal::read(store.journal());
      if (records.back().event == Event::begun && records.back().phase == Phase::soak &&
          verb == "size") {
        happens(questions++);
      }
      return {};
    };
  }

  std::string goes_back() {
    const auto outcome = run();
    REQUIRE(outcome);
    CHECK(*outcome == Outcome::rolled_back);
    return document()["reason"];
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("routes that are missing in the soak take it back") {
  SoakLab lab;
  lab.happens = [&](int) { lab.world.routes = 900; };
  CHECK(has(lab.goes_back(), "the NPU has 900 routes, 1000 before the upgrade"));
  CHECK(lab.questions == 3);
}

TEST_CASE("routes that are missing for a moment, or as few as the budget allows, do not") {
  for (const bool moment : {false, true}) {
    SoakLab lab;
    REQUIRE(lab.store.ask("accept"));
    lab.happens = [&](int before) { lab.world.routes = !moment ? 990 : before < 2 ? 0 : 1000; };
    const auto outcome = lab.run();
    REQUIRE(outcome);
    CHECK(*outcome == Outcome::committed);
    CHECK(lab.questions == (moment ? 3 : 1));
  }
}

TEST_CASE("daemons that grow beyond their budget take it back") {
  SoakLab lab;
  lab.config.budgets.daemon_growth_mib = 10;
  // The routes look bad once, so that there is a second look at the daemons.
  lab.happens = [&](int before) {
    lab.world.daemons[Slot::b][0].memory = (40 + 11) * mebibyte;
    lab.world.routes = before == 0 ? 900 : 1000;
  };
  CHECK(has(lab.goes_back(),
            "the new side's daemons hold 71 MiB, 11 more than when the soak "
            "began, 10 are allowed (budget.daemon_growth_mib)"));
}

TEST_CASE("memory that is not known is no evidence") {
  SoakLab lab;
  lab.config.budgets.daemon_growth_mib = 1;
  lab.world.daemons[Slot::b][1].memory.reset();
  REQUIRE(lab.store.ask("accept"));
  lab.happens = [&](int before) {
    lab.world.daemons[Slot::b][0].memory = 900 * mebibyte;
    lab.world.routes = before == 0 ? 900 : 1000;
  };
  CHECK(*lab.run() == Outcome::committed);
}

TEST_CASE("a session that is gone with its daemon is told as the daemon's end") {
  for (const bool ended : {true, false}) {
    SoakLab lab;
    lab.world.fault = [&lab, ended](const std::string& verb) -> Result<void> {
      const auto records = *Journal::read(lab.store.journal());
      if (records.back().event == Event::begun && records.back().phase == Phase::soak &&
          verb.starts_with("control_plane")) {
        lab.world.establishes[Slot::b] = false;
        lab.world.daemons[Slot::b][0].exits = ended ? 1 : 0;
      }
      return {};
    };
    CHECK(has(lab.goes_back(),
              ended ? "bgpd of the new side ended" : "192.0.2.2 is not Established any more"));
  }
}

TEST_CASE("a control plane that does not answer is not written down as one without sessions") {
  tests::Lab lab;
  lab.open();
  lab.world.questions_can_fail = true;
  lab.world.fault = [&](const std::string& verb) -> Result<void> {
    const auto records = *Journal::read(lab.store.journal());
    if (records.back().phase == Phase::checkpoint && verb.starts_with("control_plane")) {
      lab.world.answers = false;
    }
    return {};
  };
  const auto outcome = lab.run();
  REQUIRE(outcome);
  CHECK(*outcome == Outcome::rolled_back);
  CHECK(has(lab.document()["reason"], "its daemons do not answer"));
}

}  // namespace
}  // namespace issu
