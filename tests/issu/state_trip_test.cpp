#include "issu/state_trip.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/issu/fake_ports.hpp"

namespace issu {
namespace {

using backends::Slot;
using backends::SlotPower;
using Calls = std::vector<std::string>;

struct World : tests::FakeWorld {
  tests::FakeRp rp{*this};
  backends::StagedPayload payload{"/fake/payload", "1"};

  World() {
    REQUIRE(rp.stage(Slot::a, payload));
    REQUIRE(rp.boot(Slot::a));
    REQUIRE(rp.activate(Slot::a));
    calls.clear();
  }
  void fail_at(const std::string& verb) {
    fault = [verb](const std::string& each) -> Result<void> {
      return each == verb ? fail("no " + verb) : Result<void>{};
    };
  }
  Arrival arrival(Slot into) {
    return {into, payload, 100, [this](const std::filesystem::path&) { return enter("fill"); }};
  }
  [[nodiscard]] bool called(const std::string& verb) const {
    return std::find(calls.begin(), calls.end(), verb) != calls.end();
  }
};

TEST_CASE("a state is taken, made whole while nothing runs, and the daemons go on") {
  World world;
  const auto taken = take_state(world.rp, Slot::a, world.payload);
  REQUIRE(taken);
  CHECK(world.calls == Calls{"prepare_save a", "save a", "export_saved a", "restore a a"});
  CHECK(taken->folder == "/fake/saved");
  CHECK(taken->dark_ms() >= 0);
  CHECK(world.rp.power(Slot::a) == SlotPower::active);
  CHECK_FALSE(world.rp.holds_back());
  CHECK_FALSE(world.rp.sessions_dropped);
}

TEST_CASE("a save that fails leaves the daemons running and starts nothing") {
  World world;
  world.fail_at("save a");
  const auto taken = take_state(world.rp, Slot::a, world.payload);
  REQUIRE_FALSE(taken);
  CHECK(world.rp.power(Slot::a) == SlotPower::active);
  CHECK_FALSE(world.called("activate a"));
}

TEST_CASE("a state that can't be made whole is no reason to stay dark") {
  World world;
  world.fail_at("export_saved a");
  CHECK_FALSE(take_state(world.rp, Slot::a, world.payload));
  CHECK(world.rp.power(Slot::a) == SlotPower::active);
  CHECK(world.called("restore a a"));
  CHECK_FALSE(world.called("activate a"));
}

TEST_CASE("daemons that do not come back are started anew, and the error says so") {
  World world;
  world.fail_at("restore a a");
  const auto taken = take_state(world.rp, Slot::a, world.payload);
  REQUIRE_FALSE(taken);
  CHECK(world.rp.power(Slot::a) == SlotPower::active);
  CHECK(world.called("activate a"));
  CHECK(taken.error().message().find("started anew") != std::string::npos);
  CHECK(taken.error().kind() == ErrorKind::failed);

  World dead;
  dead.fault = [](const std::string& each) -> Result<void> {
    return each == "restore a a" || each == "activate a" ? fail("no " + each) : Result<void>{};
  };
  const auto lost = take_state(dead.rp, Slot::a, dead.payload);
  REQUIRE_FALSE(lost);
  CHECK(lost.error().kind() == ErrorKind::needs_person);
}

TEST_CASE("a save that was killed while it was dark is finished by the next one") {
  World world;
  REQUIRE(world.rp.prepare_save(Slot::a));
  REQUIRE(world.rp.save(Slot::a, backends::Afterwards::gone));
  world.calls.clear();
  REQUIRE(take_state(world.rp, Slot::a, world.payload));
  CHECK(world.calls == Calls{"save a", "export_saved a", "restore a a"});
  CHECK(world.rp.power(Slot::a) == SlotPower::active);
}

TEST_CASE("a state comes in whole before anything is ended; its sessions are dropped") {
  World world;
  REQUIRE(bring_state(world.rp, world.arrival(Slot::a)));
  CHECK(world.calls == Calls{"room_for_saved a", "fill", "power_off a", "power_off b", "stage a",
                             "import_saved a", "restore a a", "forget_saved a"});
  CHECK(world.rp.sessions_dropped);
  CHECK_FALSE(world.rp.two_active);
  CHECK_FALSE(world.rp.has_state(Slot::a));
}

TEST_CASE("into the other slot: what runs is ended before") {
  World world;
  REQUIRE(bring_state(world.rp, world.arrival(Slot::b)));
  CHECK(world.rp.power(Slot::a) == SlotPower::staged);
  CHECK(world.rp.power(Slot::b) == SlotPower::active);
  CHECK_FALSE(world.rp.two_active);
}

TEST_CASE("what can't be read whole ends nothing") {
  for (const std::string verb : {"room_for_saved a", "fill"}) {
    World world;
    world.fail_at(verb);
    CHECK_FALSE(bring_state(world.rp, world.arrival(Slot::a)));
    CHECK(world.rp.power(Slot::a) == SlotPower::active);
    CHECK_FALSE(world.called("power_off a"));
    CHECK_FALSE(world.rp.has_state(Slot::a));
  }
}

TEST_CASE("a state that does not go on: the daemons are started anew") {
  for (const std::string verb : {"import_saved a", "restore a a"}) {
    World world;
    world.fail_at(verb);
    const auto brought = bring_state(world.rp, world.arrival(Slot::a));
    REQUIRE_FALSE(brought);
    CHECK(brought.error().message().find("started anew") != std::string::npos);
    CHECK(world.rp.power(Slot::a) == SlotPower::active);
  }
}

}  // namespace
}  // namespace issu
