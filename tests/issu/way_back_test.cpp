#include <doctest/doctest.h>

#include "issu/converge.hpp"
#include "tests/issu/walks.hpp"

namespace issu {
namespace {

/// Strategy restart whose old side is saved at freeze.
struct Lab : tests::Lab {
  Lab() { way_back = "saved"; }
};

TEST_CASE("daemons that do not answer are told by their names") {
  backends::ControlPlaneView view;
  CHECK(silent_daemons(view) == "its daemons do not answer");
  view.silent = {"bgpd"};
  CHECK(silent_daemons(view) == "bgpd does not answer");
  view.silent = {"zebra", "bgpd"};
  CHECK(silent_daemons(view) == "zebra, bgpd do not answer");
}

TEST_CASE("saved way back: the old side goes on where it was, its sessions closed") {
  Lab lab;
  lab.open("");
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  const auto at = [&](const std::string& verb) {
    return std::find(lab.world.calls.begin(), lab.world.calls.end(), verb);
  };
  CHECK(at("prepare_save a") < at("hold"));
  CHECK(at("save_running a") < at("fence a"));
  CHECK(at("restore a a") != lab.world.calls.end());
  // Held for the old side and kept before it runs: its daemons can take nothing out.
  CHECK(at("fence b") < at("keep"));
  CHECK(at("keep") < at("restore a a"));
  CHECK_FALSE(lab.called("activate a"));
  CHECK(lab.rp.sessions_dropped);
}

TEST_CASE("saved way back: committed, nothing of it is left") {
  Lab lab;
  lab.open();
  CHECK(*lab.run() == Outcome::committed);
  lab.check_ended(Outcome::committed);
}

TEST_CASE("saved way back: a state that can't be restored is no worse than none") {
  Lab lab;
  lab.world.fault = [](const std::string& verb) {
    return verb == "restore a a" ? fail("planted") : Result<void>{};
  };
  lab.open("");
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK(lab.called("activate a"));
}

TEST_CASE("saved way back: where the NPU can't keep its routes, the old side starts anew") {
  Lab lab;
  lab.world.fault = [](const std::string& verb) {
    return verb == "keep" ? fail("planted") : Result<void>{};
  };
  lab.open("");
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK_FALSE(lab.called("restore a a"));
  CHECK(lab.called("activate a"));
}

TEST_CASE("saved way back: what can't be saved goes back cold, and the document says so") {
  for (const char* verb : {"prepare_save a", "save_running a"}) {
    CAPTURE(verb);
    Lab lab;
    lab.world.fault = [&](const std::string& called) {
      return called == verb ? fail("planted") : Result<void>{};
    };
    lab.open("");
    CHECK(*lab.run() == Outcome::rolled_back);
    lab.check_ended(Outcome::rolled_back);
    CHECK(lab.called("activate a"));
    CHECK(lab.document()["anomalies"].dump().find("planted") != std::string::npos);
  }
}

TEST_CASE("saved way back: killed inside any verb, it ends whole when it is resumed") {
  tests::walk_kills_in_verbs<Lab>();
}

TEST_CASE("saved way back: abort during any phase but commit goes back") {
  for (const PhaseRow& row : phase_table) {
    if (row.phase == Phase::preflight || row.phase == Phase::commit) {
      continue;
    }
    CAPTURE(row.name);
    Lab lab;
    lab.open("");
    Listener listener;
    listener.record = [&](const Record& record) {
      if (record.event == Event::begun && record.phase == row.phase) {
        REQUIRE(lab.store.ask("abort"));
      }
    };
    CHECK(*lab.run(listener) == Outcome::rolled_back);
    lab.check_ended(Outcome::rolled_back);
  }
}

}  // namespace
}  // namespace issu
