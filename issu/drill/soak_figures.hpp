#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "issu/drill/outcome.hpp"
#include "issu/report/ledger/statistics.hpp"

namespace issu::drill {

/// A figure of many upgrades, of those that measured it.
struct Spread {
  std::size_t of = 0;
  std::size_t measured = 0;
  std::optional<ledger::Percentiles> values;  ///< no value: none was measured
};

/// What a soak's upgrades were like together.
struct SoakFigures {
  std::size_t upgrades = 0;
  std::size_t killed = 0;  ///< upgrades whose coordinator was
  std::size_t committed = 0;
  std::size_t rolled_back = 0;
  Spread undisturbed_dark_ms;
  Spread killed_dark_ms;
  Spread lost;            ///< frames an upgrade
  double lost_total = 0;  ///< of those that measured it
};

[[nodiscard]] SoakFigures figures_of(const Soak& soak, const std::vector<UpgradeRun>& upgrades);

/// As the drill's document has it.
[[nodiscard]] nlohmann::ordered_json to_json(const Soak& soak, const SoakFigures& figures);

/// A few lines for people, out of the same.
[[nodiscard]] std::string soak_text(const nlohmann::ordered_json& soak);

/// Which upgrades of a soak have their coordinator killed, and after which record of the journal
/// (0: not killed): the same for the same seed on every machine. The first two are left alone.
[[nodiscard]] std::vector<unsigned> soak_plan(std::uint64_t seed, unsigned times, double killed);

}  // namespace issu::drill
