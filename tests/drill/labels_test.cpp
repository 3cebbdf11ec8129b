#include "issu/drill/labels.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "issu/drill/demand.hpp"
#include "tests/drill/sample.hpp"

using namespace issu;
using namespace issu::drill;
using namespace issu::drill::testing;

namespace {

std::vector<Scenario> three() {
  std::vector<Scenario> all(3);
  all[0].name = "a";
  all[0].labels = {"ci", "container"};
  all[1].name = "b";
  all[1].labels = {"ci", "vm"};
  all[2].name = "c";
  all[2].labels = {"nightly"};
  return all;
}

std::string labelled(const std::string& labels) {
  return with("about = \"one upgrade\"", "about = \"one upgrade\"\nlabels = " + labels);
}

}  // namespace

TEST_CASE("labels choose, several together narrow") {
  CHECK(with_labels(three(), {}).value().size() == 3);
  CHECK(with_labels(three(), {"ci"}).value().size() == 2);
  const auto both = with_labels(three(), {"ci", "vm"});
  REQUIRE(both);
  REQUIRE(both->size() == 1);
  CHECK(both->front().name == "b");
}

TEST_CASE("a label that no scenario has is refused, and those there are are told") {
  const auto none = with_labels(three(), {"ci", "cii", "weekly"});
  REQUIRE_FALSE(none);
  CHECK(none.error().kind() == ErrorKind::refused);
  const std::string told = none.error().message();
  CHECK(told.find("no scenario has the label \"cii\"") != std::string::npos);
  CHECK(told.find("\"weekly\"") != std::string::npos);
  CHECK(told.find("there are: ci (2), container (1), nightly (1), vm (1)") != std::string::npos);
  const auto empty = with_labels(three(), {"nightly", "vm"});
  REQUIRE_FALSE(empty);
  CHECK(empty.error().message().find("no scenario has all of the labels nightly, vm") !=
        std::string::npos);
}

TEST_CASE("a slip in a scenario's label is told with file and line") {
  const auto good = load_text(labelled("[\"ci\", \"container\", \"x-my-lab\"]"));
  REQUIRE_MESSAGE(good, good.error().message());
  CHECK(good->labels.size() == 3);
  const auto told = [](const std::string& labels) {
    const auto bad = load_text(labelled(labels));
    return bad ? std::string("it was taken") : bad.error().message();
  };
  CHECK(told("[\"contianer\"]").find("sample.toml:3: labels: \"contianer\" is not known") !=
        std::string::npos);
  CHECK(told("[\"contianer\"]").find("did you mean \"container\"?") != std::string::npos);
  CHECK(told("[\"vm\"]").find("the lab's backend is lxc") != std::string::npos);
  CHECK(told("[\"ci\", \"ci\"]").find("stands there twice") != std::string::npos);
}

TEST_CASE("what a drill needs of the machine follows from what it does, and is told") {
  const auto demand = [](const std::string& text) {
    const auto scenario = load_text(text);
    REQUIRE_MESSAGE(scenario, scenario.error().message());
    return demand_of(*scenario);
  };
  const Demand plain = demand(kGood);
  CHECK_FALSE(plain.alone);
  CHECK(plain.cores == 1);
  CHECK(plain.why == "2000 packets/s");
  CHECK(demand(with("rate_pps = 2000", "rate_pps = 15000")).cores == 2);
  const Demand timed =
      demand(kGood + "\n[[expect]]\npath = \"control_plane.dark_ms\"\nbelow = 9\n");
  CHECK(timed.alone);
  CHECK(timed.why == "it judges a time (control_plane.dark_ms)");
  CHECK(demand(with("suite = \"frr\"", "suite = \"frr\"\nbackend = \"vm\"")).alone);
  const std::string looks = "\n[[step]]\nsnapshot = \"s\"\n[[step]]\ncompare = \"s\"\n";
  CHECK(demand(kGood + looks).why.find("the whole machine") != std::string::npos);
  // The file's word counts, but nobody can look around among others.
  const auto beside = [](const std::string& word) {
    return with("about = \"one upgrade\"", "about = \"one upgrade\"\nbeside_others = " + word);
  };
  CHECK(demand(beside("false")).alone);
  CHECK(demand(beside("false")).why == "its file says beside_others = false");
  CHECK_FALSE(
      demand(beside("true") + "\n[[expect]]\npath = \"control_plane.dark_ms\"\nbelow = 9\n").alone);
  CHECK(demand(beside("true") + looks).alone);
}

TEST_CASE(
    "the scheduler fills the machine, and lets no one in beside a drill that has to be alone") {
  const Demand small{false, 1, ""};
  const Demand large{false, 3, ""};
  const Demand alone{true, 1, ""};
  const Capacity four{8, 4};
  CHECK(next_to_start({}, {}, four) == std::nullopt);
  CHECK(next_to_start({alone, small}, {}, four) == 1U);  // those that can share come first
  CHECK(next_to_start({alone}, {small}, four) == std::nullopt);
  CHECK(next_to_start({alone}, {}, four) == 0U);
  CHECK(next_to_start({small}, {alone}, four) == std::nullopt);
  CHECK(next_to_start({large}, {small}, four) == 0U);
  CHECK(next_to_start({large, small}, {small, small}, four) == 1U);
  CHECK(next_to_start({small}, {large, small}, four) == std::nullopt);
  // One that is larger than the machine still gets its turn.
  CHECK(next_to_start({{false, 9, ""}}, {}, four) == 0U);
  CHECK(next_to_start({small}, {{false, 9, ""}}, four) == std::nullopt);
  CHECK(next_to_start({small}, {small}, {1, 4}) == std::nullopt);  // --jobs 1
}

TEST_CASE("every list of drills comes to its end") {
  for (unsigned mask = 0; mask < 64; ++mask) {
    std::vector<Demand> waiting;
    for (unsigned bit = 0; bit < 6; ++bit) {
      waiting.push_back({(mask >> bit & 1U) != 0, bit, ""});
    }
    std::vector<Demand> running;
    std::size_t started = 0;
    while (!waiting.empty() || !running.empty()) {
      const auto next = next_to_start(waiting, running, {3, 4});
      if (!next) {
        REQUIRE_FALSE(running.empty());
        running.erase(running.begin());
        continue;
      }
      running.push_back(waiting[*next]);
      waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(*next));
      ++started;
      for (const Demand& demand : running) {
        CHECK((!demand.alone || running.size() == 1));
      }
    }
    CHECK(started == 6);
  }
}
