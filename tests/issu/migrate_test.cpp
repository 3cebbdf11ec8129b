#include <doctest/doctest.h>

#include "issu/image/bundle.hpp"
#include "tests/issu/walks.hpp"

namespace issu {
namespace {

struct Lab : tests::Lab {
  Lab() {
    strategy = "migrate";
    const auto opened = image::open_bundle(tests::bundle().file(), config.keyring);
    REQUIRE(opened);
    REQUIRE(store.set_image(backends::Slot::a,
                            {"10.3", "issu-test", "rootfs", opened->payload_sha256()}));
  }
  [[nodiscard]] auto at(const std::string& verb) const {
    return std::find(world.calls.begin(), world.calls.end(), verb);
  }
  /// At the end of every one: what runs has never been started anew.
  void check_moved_only() const {
    for (const char* verb :
         {"boot a", "boot b", "activate a", "activate b", "fence a", "fence b"}) {
      CHECK_FALSE(called(verb));
    }
  }
};

TEST_CASE("migrate: what runs moves, then the ports; nothing is started") {
  Lab lab;
  lab.open();
  CHECK(*lab.run() == Outcome::committed);
  lab.check_ended(Outcome::committed);
  CHECK(lab.at("stage b") < lab.at("hold"));
  CHECK(lab.at("hold") < lab.at("migrate a b"));
  CHECK(lab.at("migrate a b") < lab.at("punt_to b"));
  CHECK(lab.at("punt_to b") < lab.at("sweep"));
  CHECK_FALSE(lab.called("migrate b a"));
  CHECK(lab.npu.ports() == backends::Slot::b);
  lab.check_moved_only();
  const auto records = *Journal::read(lab.store.journal());
  const auto facts = facts_of(records, Phase::switchover);
  CHECK(facts["iterations"] == 3);
  CHECK(facts["downtime_ms"] == 30.0);
  CHECK(facts["bytes"] == 100U << 20U);
  CHECK(facts_of(records, Phase::preflight)["to_hypervisor"] == "new libvirt");
}

TEST_CASE("migrate: another image than the one that runs is refused, and so is a small hold time") {
  Lab lab;
  REQUIRE(lab.store.set_image(backends::Slot::a, {"8.4.4", "issu-test", "rootfs", "other"}));
  lab.world.hold_time_s = 1;
  lab.open();
  CHECK(*lab.run() == Outcome::refused);
  const auto reason = lab.document()["reason"].get<std::string>();
  CHECK(reason.find("moves the machine as it is") != std::string::npos);
  CHECK(reason.find("hold time 1 s") != std::string::npos);
  CHECK(lab.world.calls == std::vector<std::string>{"check"});
}

TEST_CASE("migrate: a backend that does not migrate refuses it") {
  Lab lab;
  lab.world.migrates = false;
  lab.open();
  CHECK(*lab.run() == Outcome::refused);
  CHECK(lab.document()["reason"].get<std::string>().find("does not migrate") != std::string::npos);
}

TEST_CASE("migrate: a move that does not converge leaves everything where it was") {
  Lab lab;
  lab.world.fault = [](const std::string& verb) {
    return verb == "migrate a b" ? fail("it does not converge") : Result<void>{};
  };
  lab.open();
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK(lab.npu.ports() == backends::Slot::a);
  lab.check_moved_only();
}

TEST_CASE("migrate: abort ends the move") {
  Lab lab;
  lab.open("");
  lab.world.fault = [&](const std::string& verb) -> Result<void> {
    return verb == "migrate a b" ? lab.store.ask("abort") : Result<void>{};
  };
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  lab.check_moved_only();
}

TEST_CASE("migrate: back from the soak as it runs, the ports with it") {
  Lab lab;
  lab.open("");
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK(lab.called("migrate b a"));
  CHECK(lab.at("migrate b a") < lab.at("punt_to a"));
  CHECK(lab.npu.ports() == backends::Slot::a);
  lab.check_moved_only();
}

TEST_CASE("migrate: what can't be brought back as it runs starts anew in the old slot") {
  Lab lab;
  lab.world.fault = [](const std::string& verb) {
    return verb == "migrate b a" ? fail("the old hypervisor takes nothing in") : Result<void>{};
  };
  lab.open("");
  CHECK(*lab.run() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  CHECK(lab.at("power_off b") < lab.at("activate a"));
  CHECK(lab.document()["anomalies"].dump().find("started anew") != std::string::npos);
}

TEST_CASE("migrate: a slot that can't be emptied afterwards is told, and the router runs on") {
  Lab lab;
  lab.world.fault = [&](const std::string& verb) -> Result<void> {
    const bool later = lab.called("migrate a b");
    return verb == "migrate a b" || (later && verb == "power_off b") ? fail("libvirt is gone")
                                                                     : Result<void>{};
  };
  lab.open();
  CHECK(*lab.run() == Outcome::rolled_back);
  CHECK(lab.rp.power(backends::Slot::a) == backends::SlotPower::active);
  CHECK(lab.document()["anomalies"].dump().find("left over: slot b") != std::string::npos);
}

TEST_CASE("migrate: killed right after any record, it ends whole when it is resumed") {
  tests::walk_records<Lab>([](Lab& lab) { lab.check_moved_only(); });
}

TEST_CASE("migrate: any verb that is killed or fails once leaves a whole router") {
  tests::walk_kills_and_faults<Lab>([](Lab& lab) { lab.check_moved_only(); });
}

}  // namespace
}  // namespace issu
