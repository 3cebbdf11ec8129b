#include <doctest/doctest.h>

#include "tests/issu/walks.hpp"

namespace issu {
namespace {

struct Lab : tests::Lab {
  Lab() { strategy = "checkpoint"; }
};

TEST_CASE("checkpoint: the daemons are moved, and nothing is started") {
  Lab lab;
  lab.open();
  CHECK(*lab.run() == Outcome::committed);
  lab.check_ended(Outcome::committed);
  const auto at = [&](const std::string& verb) {
    return std::find(lab.world.calls.begin(), lab.world.calls.end(), verb);
  };
  CHECK(at("prepare_save a") < at("hold"));
  CHECK(at("hold") < at("save a"));
  CHECK(at("save a") < at("restore a b"));
  CHECK(at("restore a b") < at("sweep"));
  CHECK_FALSE(lab.called("boot b"));
  CHECK_FALSE(lab.called("activate b"));
  CHECK_FALSE(lab.rp.sessions_dropped);
  CHECK(lab.rp.payload_was_there);
  const auto plane = lab.document()["control_plane"];
  CHECK(lab.document()["sla"]["predicted_ms"].get<double>() > 0);
  CHECK(plane.is_object());
}

TEST_CASE("checkpoint: it is refused with all reasons before anything is called") {
  Lab lab;
  lab.world.same_programs = false;
  lab.world.hold_time_s = 3;
  lab.open();
  CHECK(*lab.run() == Outcome::refused);
  CHECK(lab.world.calls == std::vector<std::string>{"check"});
  const auto reason = lab.document()["reason"].get<std::string>();
  CHECK(reason.find("bgpd differs") != std::string::npos);
  CHECK(reason.find("hold time 3 s") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(lab.config.router.state_dir / "preflight.squashfs"));
}

TEST_CASE("checkpoint: a backend without saved states refuses it") {
  Lab lab;
  lab.world.saves = false;
  lab.open();
  CHECK(*lab.run() == Outcome::refused);
  CHECK(lab.document()["reason"].get<std::string>().find("strategy restart") != std::string::npos);
}

TEST_CASE("checkpoint: back from the soak with the state that the new side has by then") {
  Lab lab;
  lab.open("");
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK(lab.called("save b"));
  CHECK(lab.called("restore b a"));
  CHECK_FALSE(lab.rp.sessions_dropped);
}

TEST_CASE(
    "checkpoint: a new side that can't be saved again: the old side's own state, its sessions "
    "closed") {
  Lab lab;
  lab.world.fault = [](const std::string& verb) {
    return verb == "save b" ? fail("planted") : Result<void>{};
  };
  lab.open("");
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK(lab.called("restore a a"));
  // Its daemons can take nothing out of the NPU when they find their sessions closed.
  const auto& calls = lab.world.calls;
  CHECK(std::find(calls.begin(), calls.end(), "keep") <
        std::find(calls.begin(), calls.end(), "restore a a"));
  CHECK(lab.rp.sessions_dropped);
}

TEST_CASE("checkpoint: a restore that fails in the other slot costs no session") {
  Lab lab;
  lab.world.fault = [](const std::string& verb) {
    return verb == "restore a b" ? fail("planted") : Result<void>{};
  };
  lab.open();
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK(lab.called("restore a a"));
  CHECK_FALSE(lab.rp.sessions_dropped);
}

TEST_CASE("checkpoint: when no state can be restored the old side starts anew") {
  Lab lab;
  lab.world.fault = [](const std::string& verb) {
    return verb.starts_with("restore") ? fail("planted") : Result<void>{};
  };
  lab.open();
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK(lab.called("activate a"));
}

TEST_CASE("checkpoint: a save that fails leaves the old side as it was") {
  Lab lab;
  lab.world.fault = [](const std::string& verb) {
    return verb == "save a" ? fail("no space left") : Result<void>{};
  };
  lab.open();
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK_FALSE(lab.called("activate a"));
  CHECK_FALSE(lab.called("fence a"));
}

TEST_CASE("checkpoint: killed right after any record, it ends whole when it is resumed") {
  tests::walk_records<Lab>([](Lab& lab) { CHECK_FALSE(lab.rp.sessions_dropped); });
}

TEST_CASE("checkpoint: any verb that is killed or fails once leaves a whole router") {
  tests::walk_kills_and_faults<Lab>();
}

}  // namespace
}  // namespace issu
