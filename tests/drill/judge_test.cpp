#include "issu/drill/judge.hpp"

#include <doctest/doctest.h>

using namespace issu::drill;

namespace {

const std::string kDocument = R"({"outcome": "committed",
  "phases": [{"name": "stage", "seconds": 2.5}, {"name": "freeze", "seconds": 0.1}],
  "data_plane": {"measured": true, "lost": 0, "sent": 1000},
  "control_plane": {"dark_ms": null, "sessions": [{"peer": "east", "routes_withdrawn": 0},
                                                  {"peer": "west", "routes_withdrawn": 7}]}})";

Judgement judged(const std::string& path, std::vector<Expectation::Bound> bounds,
                 const std::string& document = kDocument, const std::string& step = "") {
  return judge({"it", path, step, std::move(bounds)}, {{"one", 0, document, "/evidence"}});
}

}  // namespace

TEST_CASE("bounds") {
  CHECK(judged("data_plane.lost", {{"equals", "0"}}).passed);
  CHECK_FALSE(judged("data_plane.lost", {{"above", "0"}}).passed);
  CHECK(judged("data_plane.sent", {{"at_least", "1000"}, {"below", "1001"}}).passed);
  CHECK_FALSE(judged("data_plane.sent", {{"at_least", "1000"}, {"below", "1000"}}).passed);
  CHECK(judged("outcome", {{"one_of", R"(["rolled-back", "committed"])"}}).passed);
  CHECK_FALSE(judged("outcome", {{"not", "\"committed\""}}).passed);
  CHECK(judged("data_plane.measured", {{"equals", "true"}}).passed);
  CHECK(judged("exit_code", {{"equals", "0"}}).passed);
  CHECK(judged("outcome", {{"contains", "\"commit\""}}).passed);
  CHECK_FALSE(judged("outcome", {{"contains", "\"rolled\""}}).passed);
  CHECK_FALSE(judged("data_plane.lost", {{"contains", "\"0\""}}).passed);
}

TEST_CASE("what was not measured meets nothing") {
  for (const char* op : {"below", "at_most", "equals", "not", "at_least"}) {
    const auto judgement = judged("control_plane.dark_ms", {{op, "5"}});
    CHECK_FALSE(judgement.passed);
    CHECK(judgement.got == "not measured");
  }
  CHECK_FALSE(judged("data_plane.lost", {{"equals", "0"}}, "").passed);
  CHECK_FALSE(judged("data_plane.lost", {{"equals", "0"}}, R"({"data_plane": {}})").passed);
  CHECK_FALSE(judged("phases[*].seconds", {{"below", "9"}}, R"({"phases": []})").passed);
}

TEST_CASE("members of a list by star, place and name") {
  CHECK_FALSE(judged("control_plane.sessions[*].routes_withdrawn", {{"equals", "0"}}).passed);
  CHECK(judged("control_plane.sessions[0].routes_withdrawn", {{"equals", "0"}}).passed);
  CHECK(judged("control_plane.sessions[west].routes_withdrawn", {{"equals", "7"}}).passed);
  CHECK(judged("phases[freeze].seconds", {{"below", "1"}}).passed);
  CHECK(judged("phases[*].seconds", {{"below", "3"}}).got == "0.1 to 2.5 (2 values)");
  CHECK_FALSE(judged("phases[soak].seconds", {{"below", "3"}}).passed);
}

TEST_CASE("an expectation speaks of every upgrade, or of those of one step") {
  const std::vector<UpgradeRun> upgrades{{"there", 0, R"({"outcome": "committed"})", "/a"},
                                         {"back", 1, R"({"outcome": "rolled-back"})", "/b"}};
  const Judgement all = judge({"it", "outcome", "", {{"equals", "\"committed\""}}}, upgrades);
  CHECK_FALSE(all.passed);
  CHECK(all.got == "rolled-back in upgrade 2 (back)");
  CHECK(all.evidence == "/b");
  CHECK(judge({"it", "outcome", "there", {{"equals", "\"committed\""}}}, upgrades).passed);
  const Judgement none =
      judge({"it", "outcome", "nowhere", {{"equals", "\"committed\""}}}, upgrades);
  CHECK_FALSE(none.passed);
  CHECK(none.got == "no upgrade ran");
}
