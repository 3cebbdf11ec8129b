#include "issu/fault_matrix.hpp"

namespace issu {

std::string Cell::name() const {
  std::string text;
  for (const std::string_view part : {strategy->name, phase.name, name_of(moment), fault.name}) {
    text += (text.empty() ? "" : "/") + std::string(part);
  }
  return text;
}

std::vector<Cell> fault_matrix(std::span<const Strategy* const> strategies,
                               std::span<const PhaseRow> phases, std::span<const FaultRow> faults) {
  std::vector<Cell> cells;
  for (const Strategy* strategy : strategies) {
    for (const PhaseRow& phase : phases) {
      for (const Moment moment : {Moment::before, Moment::during, Moment::after}) {
        for (const FaultRow& fault : faults) {
          cells.push_back({strategy, phase, moment, fault});
        }
      }
    }
  }
  return cells;
}

std::vector<Cell> fault_matrix() {
  return fault_matrix(all_strategies(), phase_table, fault_table);
}

}  // namespace issu
