#include "issu/upgrade_options.hpp"

#include <unistd.h>

#include <ctime>

#include "issu/base/json.hpp"

namespace issu {

nlohmann::json to_json(const UpgradeOptions& options) {
  return {{"id", options.id},
          {"image", options.image.string()},
          {"strategy", options.strategy},
          {"way_back", options.way_back},
          {"soak_s", options.soak_s},
          {"auto_accept", options.auto_accept},
          {"over_budget", options.over_budget},
          {"allow_below_minimum", options.allow_below_minimum},
          {"from", backends::name_of(options.from)},
          {"epoch", options.epoch}};
}

UpgradeOptions options_from_json(const nlohmann::json& json) {
  UpgradeOptions options;
  options.id = value_of(json, "id", "");
  options.image = value_of(json, "image", "");
  options.strategy = value_of(json, "strategy", "restart");
  options.way_back = value_of(json, "way_back", "cold");
  options.soak_s = value_of(json, "soak_s", 60.0);
  options.auto_accept = value_of(json, "auto_accept", false);
  options.over_budget = value_of(json, "over_budget", false);
  options.allow_below_minimum = value_of(json, "allow_below_minimum", false);
  options.from = value_of(json, "from", "a") == "b" ? backends::Slot::b : backends::Slot::a;
  options.epoch = value_of(json, "epoch", std::uint64_t{0});
  return options;
}

std::string new_upgrade_id() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32] = {};
  strftime(text, sizeof text, "%Y%m%d-%H%M%S", &parts);
  return std::string(text) + "-" + std::to_string(getpid());
}

}  // namespace issu
