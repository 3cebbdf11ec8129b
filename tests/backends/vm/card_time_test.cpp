#include "backends/vm/card_time.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

namespace issu::backends {
namespace {

constexpr MonoNs received = 900'000;
constexpr MonoNs asked = 700'000;

TEST_CASE("a time of the card's clock is as long ago on the host's") {
  CHECK(card_time({{"dark_until", 3'000}, {"now", 5'000}}, "dark_until", received, asked) ==
        received - 2'000);
  CHECK(card_time({{"dark_until", 5'000}, {"now", 5'000}}, "dark_until", received, asked) ==
        received);
}

TEST_CASE("no time of the card's is taken for one that has not come yet") {
  for (const nlohmann::json& answer :
       {nlohmann::json{{"dark_until", 3'000}},
        nlohmann::json{{"dark_until", 3'000}, {"now", 2'000}}, nlohmann::json{{"now", 2'000}},
        nlohmann::json{{"dark_until", -1}, {"now", 2'000}},
        nlohmann::json{{"dark_until", "3000"}, {"now", 5'000}}}) {
    CAPTURE(answer.dump());
    CHECK(card_time(answer, "dark_until", received, asked) == asked);
  }
}

}  // namespace
}  // namespace issu::backends
