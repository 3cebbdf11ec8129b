#include "issu/drill/scenario.hpp"

#include <doctest/doctest.h>

#include "issu/drill/readers.hpp"
#include "tests/drill/sample.hpp"

using namespace issu;
using namespace issu::drill::testing;

TEST_CASE("a whole scenario is read") {
  const auto loaded = load_text(kGood);
  REQUIRE_MESSAGE(loaded, loaded.error().message());
  CHECK(loaded->name == "sample");
  CHECK(loaded->lab.timers.converge_s == 30);
  REQUIRE(loaded->lab.peers.size() == 2);
  CHECK(loaded->lab.peers[1].hold_s == 30);
  CHECK(loaded->lab.peers[0].announce[1].first.text() == "2001:db8:1000::/48");
  REQUIRE(loaded->steps.size() == 1);
  CHECK(loaded->steps[0].name == "upgrade two");
  CHECK(loaded->expectations.at(0).what == "data_plane.lost equals 0");
  CHECK(drill::images_of(*loaded) == std::vector<std::string>{"one", "two"});
}

TEST_CASE("every kind of step is read") {
  const auto loaded = load_text(kGood + R"(
[[step]]
name = "open"
upgrade = "two"
until = "soak"
[[step]]
accept = true
[[step]]
wait = "1.5s"
[[step]]
snapshot = "s"
[[step]]
repeat = 3
[[step.do]]
upgrade = "one"
[[step.do]]
rollback = true
exit_code = 1
[[step]]
upgrade = "two"
kill_after_record = 4
[[step]]
resume = true
[[step]]
compare = "s"
[[step]]
walk = "three"
back = "one"
every = 3
[[step]]
reset = "east"
[[step]]
upgrade = "two"
hang_before_record = 11
exit_code = 1
[[step]]
fault = "drop"
time = "300ms"
[[step]]
fault = "starve"
daemon = "bgpd"
[[step]]
archive = "save"
passphrase = true
[[step]]
archive = "reimage"
image = "four"
)");
  REQUIRE_MESSAGE(loaded, loaded.error().message());
  REQUIRE(loaded->steps.size() == 16);
  CHECK(loaded->steps[1].name == "open");
  CHECK(std::get<drill::UpgradeStep>(loaded->steps[1].what).until == "soak");
  CHECK(std::get<drill::WaitStep>(loaded->steps[3].what).time == std::chrono::milliseconds(1500));
  const auto& repeat = std::get<drill::RepeatStep>(loaded->steps[5].what);
  CHECK(repeat.times == 3);
  CHECK(std::get<drill::CommandStep>(repeat.steps.at(1).what).exit_code == 1);
  CHECK(std::get<drill::UpgradeStep>(loaded->steps[6].what).kill_after_record == 4);
  CHECK(std::get<drill::WalkStep>(loaded->steps[9].what).back == "one");
  CHECK(std::get<drill::WalkStep>(loaded->steps[9].what).every == 3);
  CHECK(std::get<drill::ResetStep>(loaded->steps[10].what).peer == "east");
  CHECK(std::get<drill::UpgradeStep>(loaded->steps[11].what).fault() ==
        "hang-before-write:journal:12");
  CHECK(std::get<drill::FaultStep>(loaded->steps[12].what).time == std::chrono::milliseconds(300));
  CHECK(std::get<drill::FaultStep>(loaded->steps[13].what).of == "bgpd");
  CHECK(std::get<drill::ArchiveStep>(loaded->steps[14].what).passphrase);
  CHECK(drill::images_of(*loaded) == std::vector<std::string>{"one", "two", "three", "four"});
}

namespace {

struct Refusal {
  const char* old_text;
  const char* new_text;
  const char* told;
  const char* hint;
};

const Refusal kRefusals[] = {
    {"suite = \"frr\"", "siute = \"frr\"", ":5: lab.siute: is not a key", "\"suite\"?"},
    {"image = \"one\"", "", ":4: lab.image: is missing", "add image"},
    {"daemon = \"bird\"", "daemon = \"brid\"", "lab.peer[1].daemon: \"brid\" is not known",
     "\"bird\"?"},
    {"name = \"west\"", "name = \"east\"", "\"east\" stands there twice", "rename"},
    {"name = \"west\"", "name = \"a-long-peer-name\"", "longer than 12", "shorten"},
    {"10.128.0.0/20", "10.0.16.0/20", "overlap", "keep them apart"},
    {"10.128.0.0/20", "10.128.0.1/20", "is not a prefix", "10.0.0.0/24"},
    {"to = \"west\"", "to = \"wset\"", "lab.stream[1].to: \"wset\" is not known", "\"west\"?"},
    {"to = \"west\"", "to = \"east\"", "is where the stream comes from", "another peer"},
    {"to = \"west\"", "to = \"west\"\nfamily = 6", "\"west\" announces no IPv6 prefix",
     "announce some"},
    {"to = \"west\"", "to = \"west\"\nfamily = 5", "5 is no family", "4 or 6"},
    {"converge_s = 30", "converge_s = 3", "lab.timers.converge_s: 3 is out of range", "5 to"},
    {"upgrade = \"two\"", "upgrdae = \"two\"", "step[1]: says nothing to do", "one of: upgrade"},
    {"upgrade = \"two\"", "upgrdae = \"two\"", "step[1].upgrdae: is not a key", "\"upgrade\"?"},
    {"upgrade = \"two\"", "upgrade = \"two\"\nresume = true", "says two things to do", "one of"},
    {"upgrade = \"two\"", "upgrade = \"two\"\nexit_code = 5", "step[1].exit_code: 5", "0 to 4"},
    {"upgrade = \"two\"", "upgrade = \"two\"\nuntil = \"sook\"", "\"sook\" is not known",
     "\"soak\"?"},
    {"upgrade = \"two\"", "upgrade = \"two\"\nuntil = \"soak\"", "the last upgrade is never ended",
     "accept"},
    {"upgrade = \"two\"", "upgrade = \"two\"\nkill_after_record = 3", "never ended", "resume"},
    {"upgrade = \"two\"", "upgrade = \"two\"\nkill_after_record = 3\nhang_after_record = 3",
     "stands beside until or another fault", "take one away"},
    {"upgrade = \"two\"\nargs = [\"--auto-accept\"]", "fault = \"unplg\"", "\"unplg\" is not known",
     "\"unplug\"?"},
    {"upgrade = \"two\"\nargs = [\"--auto-accept\"]", "fault = \"unplug\"",
     "step[1].peer: is missing", "peer"},
    {"upgrade = \"two\"\nargs = [\"--auto-accept\"]", "accept = true", "no upgrade is open",
     "until"},
    {"upgrade = \"two\"\nargs = [\"--auto-accept\"]", "wait = \"5\"", "\"5\" is not a time", "5s"},
    {"upgrade = \"two\"\nargs = [\"--auto-accept\"]", "compare = \"x\"",
     "there is no snapshot \"x\"", ""},
    {"upgrade = \"two\"\nargs = [\"--auto-accept\"]", "repeat = 2", "nothing to repeat", "step.do"},
    {"data_plane.lost", "data_plane.lots", "expect[1].path: \"data_plane.lots\" is not a field",
     "\"data_plane.lost\"?"},
    {"equals = 0", "", "expect[1]: says no bound", "equals"},
    {"equals = 0", "equals = \"0\"", "data_plane.lost is a number, never \"0\"", "of that type"},
    {"equals = 0", "below = 0", "nothing can meet these bounds of data_plane.lost", "loosen"},
    {"equals = 0", "at_least = 5\nat_most = 4", "nothing can meet", "loosen"},
    {"equals = 0", "above = 5\nequals = 5", "nothing can meet", "loosen"},
    {"equals = 0", "equals = 5\nnot = 5", "nothing can meet", "loosen"},
    {"equals = 0", "equals = -1", "nothing can meet", "loosen"},
    {"equals = 0", "equals = 0\nstep = \"upgrade too\"",
     "expect[1].step: \"upgrade too\" is not known", "\"upgrade two\"?"},
    {"path = \"data_plane.lost\"\nequals = 0", "path = \"outcome\"\nequals = \"comitted\"",
     "\"comitted\" is not an outcome", "\"committed\"?"},
    {"path = \"data_plane.lost\"\nequals = 0", "path = \"outcome\"\nbelow = 3", "it has no order",
     "one_of"},
    {"path = \"data_plane.lost\"\nequals = 0", "path = \"outcome\"\none_of = []",
     "is not a list with", "one_of"},
};

}  // namespace

TEST_CASE("every slip is refused with what to do") {
  for (const Refusal& refusal : kRefusals) {
    CAPTURE(refusal.new_text);
    const std::string text = with(refusal.old_text, refusal.new_text);
    REQUIRE(text.find("sample has no") == std::string::npos);
    const auto loaded = load_text(text);
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().kind() == ErrorKind::refused);
    const std::string message = loaded.error().message();
    CAPTURE(message);
    CHECK(message.find(refusal.told) != std::string::npos);
    CHECK(message.find(refusal.hint) != std::string::npos);
  }
}

TEST_CASE("bounds that can be met are not refused") {
  for (const char* bounds :
       {"below = 1", "at_least = 5\nat_most = 5", "above = 4\nbelow = 5", "not = 0",
        "one_of = [0, 3]", "at_most = 0", "equals = 5\nat_least = 5"}) {
    CAPTURE(bounds);
    const auto loaded = load_text(with("equals = 0", bounds));
    CHECK_MESSAGE(loaded, loaded.error().message());
  }
}

TEST_CASE("times") {
  using std::chrono::milliseconds;
  CHECK(drill::read_time("250ms") == milliseconds(250));
  CHECK(drill::read_time("2m") == milliseconds(120'000));
  for (const char* bad : {"", "5", "s", "-1s", "5 s", "1h", "nans", "9999m"}) {
    CAPTURE(bad);
    CHECK_FALSE(drill::read_time(bad));
  }
}
