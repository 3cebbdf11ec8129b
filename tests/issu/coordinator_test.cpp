#include "issu/coordinator.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "issu/base/file.hpp"
#include "issu/measure/plan_json.hpp"
#include "tests/issu/walks.hpp"

namespace issu {
namespace {

using tests::Lab;

TEST_CASE("an accepted upgrade commits: the new slot is active, the old one empty") {
  Lab lab;
  lab.open();
  const auto outcome = lab.run();
  REQUIRE(outcome);
  CHECK(*outcome == Outcome::committed);
  lab.check_ended(Outcome::committed);
  CHECK((*lab.store.active())->epoch == 6);
  const auto document = lab.document();
  CHECK(document["from"] == "8.4.4");
  CHECK(document["to"] == "10.3");
  CHECK(document["npu"]["routes_before"] == 1000);
  CHECK(document["npu"]["deleted_while_dark"] == 0);
  CHECK(document["data_plane"]["measured"] == false);
  CHECK(document["data_plane"]["lost"].is_null());
  CHECK(document["control_plane"]["dark_ms"].is_null());
}

TEST_CASE("a probe that was killed: the document names what was not measured, and has no counts") {
  Lab lab;
  lab.open();
  REQUIRE(make_dirs(lab.store.evidence()));
  measure::MeasurePlan plan;
  plan.streams.push_back(
      {"east-west", "a", "b", {{*state_sync::Prefix::parse("10.0.0.0/24"), 1}}, "192.0.2.1", 10});
  plan.peers.push_back({"east", "bird", "/run/bird.ctl", {"rt1"}});
  plan.echoes.push_back({"port", "a", "192.0.2.1", 20});
  REQUIRE(write_file_atomic(lab.store.evidence() / "plan.json", measure::plan_to_json(plan)));
  REQUIRE(lab.run());
  const auto document = lab.document();
  const auto& plane = document["data_plane"];
  CHECK(plane["measured"] == false);
  CHECK(plane["why_not"].get<std::string>().find("ended without a result") != std::string::npos);
  CHECK(plane["sent"].is_null());
  CHECK(plane["lost"].is_null());
  CHECK(plane["instrument"]["skipped"].is_null());
  REQUIRE(plane["streams"].size() == 1);
  CHECK(plane["streams"][0]["name"] == "east-west");
  CHECK(plane["streams"][0]["sent"].is_null());
  CHECK(plane["streams"][0]["latency_us"]["p50"].is_null());
  const auto& control = document["control_plane"];
  CHECK(control["measured"] == false);
  CHECK(control["dark_ms"].is_null());
  CHECK(control["why_not"].get<std::string>().find("ended without a result") != std::string::npos);
  REQUIRE(control["sessions"].size() == 1);
  CHECK(control["sessions"][0]["went_down"].is_null());
  REQUIRE(control["echoes"].size() == 1);
  CHECK(control["echoes"][0]["answered"].is_null());
  CHECK(document["rfc7654"]["tpl_frames"].is_null());
}

TEST_CASE("an upgrade leaves no descriptor and no child behind, however it ends") {
  const auto open_now = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  for (const char* request : {"accept", "abort", ""}) {
    CAPTURE(request);
    Lab lab;
    const auto before = open_now();
    lab.open(request);
    REQUIRE(lab.run());
    CHECK(open_now() == before);
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  }
}

TEST_CASE("the old side is fenced before the new one starts, and held routes before that") {
  Lab lab;
  lab.open();
  REQUIRE(lab.run());
  const auto at = [&](const std::string& verb) {
    return std::find(lab.world.calls.begin(), lab.world.calls.end(), verb);
  };
  CHECK(at("boot b") < at("hold"));
  CHECK(at("hold") < at("fence a"));
  CHECK(at("fence a") < at("activate b"));
  CHECK(at("activate b") < at("sweep"));
}

TEST_CASE("nobody accepts: it goes back by itself") {
  Lab lab;
  lab.open("");
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK(lab.document()["reason"].get<std::string>().find("nobody accepted") != std::string::npos);
}

TEST_CASE("abort before it is begun touches nothing") {
  Lab lab;
  lab.open("abort");
  CHECK(*lab.run() == Outcome::refused);
  CHECK(lab.world.calls.empty());
}

TEST_CASE("abort during any phase but commit goes back") {
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

TEST_CASE("a new side that lost routes is found before anything is swept") {
  Lab lab;
  lab.config.timers.quiet_s = 0.05;
  lab.world.says[backends::Slot::b] = 500;
  lab.open();
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK(lab.document()["reason"].get<std::string>().find("500 of 1000") != std::string::npos);
}

TEST_CASE("a new side whose routes still become more is not taken for one that lost some") {
  for (const std::uint64_t first : {500U, 995U}) {  // 995: within the budget, and still not the end
    CAPTURE(first);
    Lab lab;
    lab.config.timers.quiet_s = 0.05;
    lab.world.says[backends::Slot::b] = first;
    lab.world.says_when_asked_again = 1000;
    lab.open();
    CHECK(*lab.run() == Outcome::committed);
    lab.check_ended(Outcome::committed);
  }
}

TEST_CASE("a new side that has no time left to say its routes is not believed") {
  Lab lab;
  lab.world.says[backends::Slot::b] = 995;  // within the budget, but converge_s is under quiet_s
  lab.open();
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK(lab.document()["reason"].get<std::string>().find("converge_s") != std::string::npos);
}

TEST_CASE("a new side without a session goes back when the time is over") {
  Lab lab;
  lab.world.establishes[backends::Slot::b] = false;
  lab.open();
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK(lab.document()["reason"].get<std::string>().find("192.0.2.2") != std::string::npos);
}

TEST_CASE("a bad image is refused with all reasons, and nothing was called") {
  Lab lab;
  lab.config.compatible = "another";
  REQUIRE(lab.rp.fence(backends::Slot::a));
  lab.world.calls.clear();
  lab.open();
  CHECK(*lab.run() == Outcome::refused);
  CHECK(lab.world.calls == std::vector<std::string>{"check"});
  const auto reason = lab.document()["reason"].get<std::string>();
  CHECK(reason.find("another") != std::string::npos);
  CHECK(reason.find("is not up") != std::string::npos);
}

TEST_CASE("a disk without room for the image, or for anything, is told before anything is called") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root can mount a small disk");
    return;
  }
  Lab lab(true);
  lab.open();
  lab.disk->leave(32768);
  CHECK(*lab.run() == Outcome::refused);
  CHECK(lab.world.calls == std::vector<std::string>{"check"});
  CHECK(lab.document()["reason"].get<std::string>().find("the image needs") != std::string::npos);

  lab.disk->fill();
  UpgradeOptions options;
  options.id = "none";
  const auto opened = open_upgrade(lab.store, options);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().kind() == ErrorKind::refused);
  CHECK(opened.error().message().find("KiB free") != std::string::npos);
  CHECK_FALSE(is_open(*Journal::read(lab.store.journal())));
}

TEST_CASE("a second upgrade while one is open is refused") {
  Lab lab;
  lab.open();
  UpgradeOptions options;
  options.id = "second";
  const auto second = open_upgrade(lab.store, options);
  REQUIRE_FALSE(second);
  CHECK(second.error().kind() == ErrorKind::refused);
}

TEST_CASE("killed right after any record, it ends whole when it is resumed") {
  tests::walk_records<Lab>();
}

TEST_CASE("killed inside any verb of a port, it ends whole when it is resumed") {
  tests::walk_kills_in_verbs<Lab>();
}

TEST_CASE("any verb that fails once ends committed or rolled back, never in between") {
  tests::walk_faults<Lab>();
}

TEST_CASE("a watch that was lost while dark keeps the old side from nothing but the sweep") {
  Lab lab;
  lab.world.establishes[backends::Slot::b] = false;
  lab.open();
  lab.world.fault = [&](const std::string& verb) -> Result<void> {
    lab.world.changes_missed = lab.world.changes_missed || verb == "fence b";
    return {};
  };
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK_FALSE(lab.called("sweep"));
  CHECK(lab.document()["npu"]["deleted_while_dark"].is_null());
  CHECK(lab.document().dump().find("left unswept") != std::string::npos);
}

TEST_CASE("an NPU that can't be held on the way back does not keep the old side from running") {
  Lab lab;
  lab.world.establishes[backends::Slot::b] = false;
  lab.open();
  bool dark = false;
  lab.world.fault = [&](const std::string& verb) -> Result<void> {
    dark = dark || verb == "fence a";
    return dark && (verb == "watch" || verb == "hold") ? fail("no watch") : Result<void>{};
  };
  CHECK(*lab.run() == Outcome::rolled_back);
  CHECK(lab.rp.power(backends::Slot::a) == backends::SlotPower::active);
  CHECK_FALSE(lab.called("sweep"));
  CHECK(lab.document().dump().find("no watch") != std::string::npos);
}

TEST_CASE("an undo that never works asks for a person, and goes on when it is resumed") {
  Lab lab;
  lab.world.establishes[backends::Slot::b] = false;
  lab.open();
  bool broken = true;
  lab.world.fault = [&](const std::string& verb) -> Result<void> {
    if (broken && verb == "activate a") {
      return fail("the old side does not start");
    }
    return {};
  };
  CHECK(*lab.run() == Outcome::needs_operator);
  CHECK(lab.document()["outcome"] == "needs-operator");
  broken = false;
  CHECK(*lab.run() == Outcome::rolled_back);
  CHECK(lab.rp.power(backends::Slot::a) == backends::SlotPower::active);
}

}  // namespace
}  // namespace issu
