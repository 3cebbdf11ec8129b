#include "issu/budget.hpp"

#include <doctest/doctest.h>

#include "tests/issu/fake_ports.hpp"

namespace issu {
namespace {

TEST_CASE("a budget is met to its last packet and its last millisecond") {
  LiveView live;
  config::Budgets budgets;
  budgets.lost_packets = 2;
  budgets.control_plane_dark_ms = 500;
  live.lost = 2;
  live.dark_ms = 500;
  CHECK(within_loss_budget(live, budgets));
  CHECK(within_dark_budget(live, budgets));
  live.lost = 3;
  live.dark_ms = 501;
  REQUIRE_FALSE(within_loss_budget(live, budgets));
  REQUIRE_FALSE(within_dark_budget(live, budgets));
  CHECK(within_loss_budget(live, budgets).error().what().find("lost_packets") != std::string::npos);
  CHECK(within_dark_budget(live, budgets).error().what().find("501 ms") != std::string::npos);
}

TEST_CASE("a loss is told with an NPU that does not answer, and alone when it does") {
  tests::FakeWorld world;
  tests::FakeNpu npu(world);
  CHECK(with_state_of(npu, Error("9 packets lost")).message() == "9 packets lost");
  world.questions_can_fail = true;
  world.fault = [](const std::string& verb) -> Result<void> {
    return verb == "size" ? fail("no npud runs", "issu router up") : Result<void>{};
  };
  const std::string told = with_state_of(npu, Error("9 packets lost")).message();
  CHECK(told.find("9 packets lost\nthe NPU does not answer: no npud runs") == 0);
  CHECK(told.find("issu router up") != std::string::npos);
}

}  // namespace
}  // namespace issu
