#include "issu/init/plan.hpp"

#include <doctest/doctest.h>

using namespace issu;
using namespace issu::init;

namespace {

std::string refusal_of(const std::string& text) {
  auto plan = parse_plan(text);
  return plan ? "" : plan.error().message();
}

}  // namespace

TEST_CASE("a daemon list that was written is read as it was") {
  const std::vector<DaemonPlan> daemons{
      {.name = "zebra",
       .argv = {"/usr/lib/frr/zebra", "-K3600", "a word with spaces", ""},
       .socket = "/run/frr/zebra.vty",
       .question = "show version"},
      {.name = "bgpd",
       .argv = {"/usr/lib/frr/bgpd"},
       .after = {"zebra"},
       .within = std::chrono::milliseconds(1500)}};
  auto text = format_plan(daemons);
  REQUIRE(text.has_value());
  auto read = parse_plan(*text);
  REQUIRE(read.has_value());
  REQUIRE(read->size() == 2);
  CHECK((*read)[0].argv == daemons[0].argv);
  CHECK((*read)[0].socket == daemons[0].socket);
  CHECK((*read)[0].question == daemons[0].question);
  CHECK((*read)[0].within == std::chrono::seconds(30));
  CHECK((*read)[1].after == daemons[1].after);
  CHECK((*read)[1].within == std::chrono::milliseconds(1500));
}

TEST_CASE("a daemon list that cannot be meant is refused with its line") {
  CHECK(refusal_of("") != "");
  CHECK(refusal_of("# nothing\n") != "");
  CHECK(refusal_of("daemon a\n").find("no `arg`") != std::string::npos);
  CHECK(refusal_of("arg /bin/true\n").find("line 1") != std::string::npos);
  CHECK(refusal_of("daemon a\narg x\ndaemon a\narg x\n").find("line 3") != std::string::npos);
  CHECK(refusal_of("daemon ../a\narg x\n").find("line 1") != std::string::npos);
  CHECK(refusal_of("daemon a\narg x\nafter b\n").find("line 3") != std::string::npos);
  CHECK(refusal_of("daemon a\narg x\nafter a\n").find("line 3") != std::string::npos);
  CHECK(refusal_of("daemon a\narg x\nwithin soon\n").find("line 3") != std::string::npos);
  CHECK(refusal_of("daemon a\narg x\nwithin -1\n").find("line 3") != std::string::npos);
  CHECK(refusal_of("daemon a\narg x\ncolour red\n").find("colour") != std::string::npos);
}

TEST_CASE("a line break cannot be smuggled into a daemon list") {
  CHECK_FALSE(format_plan({{.name = "a", .argv = {"x\narg y"}}}).has_value());
}
