#include "issu/budget.hpp"

#include <doctest/doctest.h>

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

}  // namespace
}  // namespace issu
