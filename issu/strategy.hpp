#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "issu/base/result.hpp"
#include "issu/context.hpp"
#include "issu/phases.hpp"

namespace issu {

/// How one phase is done and undone. Both can be repeated, and can be killed at any instruction.
struct Step {
  /// Both give back the facts that later phases and the report need.
  Result<nlohmann::json> (*run)(Context&);
  Result<nlohmann::json> (*undo)(Context&);
  /// For people, where it is not what the phase table says; empty: it is.
  std::string_view does = {};
  std::string_view undoes = {};
};

/// A way through the phases.
struct Strategy {
  std::string_view name;
  std::string_view what;
  std::array<Step, phase_count> steps;  ///< in the order of the phase table

  [[nodiscard]] const Step& step(Phase phase) const {
    return steps[static_cast<std::size_t>(phase)];
  }
  [[nodiscard]] std::string_view does(Phase phase) const {
    return step(phase).does.empty() ? row_of(phase).does : step(phase).does;
  }
  [[nodiscard]] std::string_view undoes(Phase phase) const {
    return step(phase).undoes.empty() ? row_of(phase).undoes : step(phase).undoes;
  }
};

/// All that there are.
[[nodiscard]] std::span<const Strategy* const> all_strategies();

/// The strategy of this name, or what names there are.
Result<const Strategy*> strategy_named(std::string_view name);

}  // namespace issu
