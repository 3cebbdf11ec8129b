#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "backends/spec.hpp"

namespace issu {

/// What the operator asked for; stands in the journal's first record.
struct UpgradeOptions {
  std::string id;               ///< names the upgrade in history and reports
  std::filesystem::path image;  ///< absolute
  std::string strategy;         ///< "restart", "checkpoint" or "standby"
  /// Of the strategy restart: "saved", the old side's state is kept at freeze and goes on, or
  /// "cold", it starts anew.
  std::string way_back = "cold";
  double soak_s = 60;
  bool auto_accept = false;                 ///< health and budgets decide at the end of the soak
  bool over_budget = false;                 ///< run it whatever is left of the SLA budgets
  bool allow_below_minimum = false;         ///< bring in what is older than router.toml's minimum
  backends::Slot from = backends::Slot::a;  ///< the slot that was active when it began
  std::uint64_t epoch = 0;                  ///< the last NPU epoch used before it
};

[[nodiscard]] nlohmann::json to_json(const UpgradeOptions& options);
[[nodiscard]] UpgradeOptions options_from_json(const nlohmann::json& json);

/// A new id: the time and the process, "20260131-120000-4711".
[[nodiscard]] std::string new_upgrade_id();

}  // namespace issu
