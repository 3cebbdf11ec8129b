#include <doctest/doctest.h>

#include "tests/issu/walks.hpp"

namespace issu {
namespace {

struct Lab : tests::Lab {
  Lab() { strategy = "standby"; }
  [[nodiscard]] auto at(const std::string& verb) const {
    return std::find(world.calls.begin(), world.calls.end(), verb);
  }
};

TEST_CASE("standby: the new side runs before the old one stands still, and takes the ports then") {
  Lab lab;
  lab.open();
  CHECK(*lab.run() == Outcome::committed);
  lab.check_ended(Outcome::committed);
  CHECK(lab.at("boot b") < lab.at("warm b"));
  CHECK(lab.at("warm b") < lab.at("hold"));
  CHECK(lab.at("hold") < lab.at("pause a"));
  CHECK(lab.at("pause a") < lab.at("punt_to b"));
  CHECK(lab.at("punt_to b") < lab.at("activate b"));
  CHECK(lab.at("activate b") < lab.at("sweep"));
  CHECK_FALSE(lab.called("fence a"));
  CHECK_FALSE(lab.called("resume a"));
}

TEST_CASE("standby: a backend whose slots share the ports refuses it") {
  Lab lab;
  lab.world.stands_by = false;
  lab.open();
  CHECK(*lab.run() == Outcome::refused);
  CHECK(lab.document()["reason"].get<std::string>().find("side by side") != std::string::npos);
  CHECK(lab.world.calls == std::vector<std::string>{"check"});
}

TEST_CASE("standby: a new side that does not start never has anything stand still") {
  Lab lab;
  lab.open();
  lab.world.fault = [](const std::string& verb) -> Result<void> {
    return verb == "warm b" ? fail("its daemons end at once") : Result<void>{};
  };
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK_FALSE(lab.called("pause a"));
}

TEST_CASE("standby: before the ports have moved, the way back is to go on") {
  Lab lab;
  lab.open("");
  lab.world.fault = [&](const std::string& verb) -> Result<void> {
    if (verb == "pause a") {
      REQUIRE(lab.store.ask("abort"));
    }
    return {};
  };
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK(lab.called("resume a"));
  CHECK_FALSE(lab.called("fence a"));
  CHECK_FALSE(lab.called("activate a"));
}

TEST_CASE("standby: once the new side had the ports, the old daemons start anew with them") {
  Lab lab;
  lab.world.establishes[backends::Slot::b] = false;
  lab.open();
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK(lab.at("fence b") < lab.at("fence a"));
  CHECK(lab.at("fence a") < lab.at("punt_to a"));
  CHECK(lab.at("punt_to a") < lab.at("activate a"));
}

TEST_CASE("standby: killed right after any record, it ends whole when it is resumed") {
  tests::walk_records<Lab>();
}

TEST_CASE("standby: killed inside any verb of a port, it ends whole when it is resumed") {
  tests::walk_kills_in_verbs<Lab>();
}

TEST_CASE("standby: any verb that fails once ends committed or rolled back, never in between") {
  tests::walk_faults<Lab>();
}

}  // namespace
}  // namespace issu
